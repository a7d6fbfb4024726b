//! Numbers as operators write them, read into parties (`spec/records.md`, section 2).
//!
//! A [`Reader`] reads the texts of one column: the column's *number form* is what makes a text unambiguous, and a
//! text that two readings fit is kept as unknown. A foreign number never becomes a domestic one.

mod damage;
mod plan;
pub mod reason;
mod scan;
mod text;
mod uri;

use std::borrow::Cow;

use sha2::{Digest, Sha256};

use crate::short::{ShortCodes, country_letters};
use plan::{Country, Dialled, Reading};
use scan::Scanned;

/// The number plans that the results come from. The crate's version is pinned, so that this stays true.
pub const METADATA_VERSION: &str = "libphonenumber 9.0.42 (rlibphonenumber 2.2.15)";

/// The texts that are read; a longer one is no number, and is kept as unknown by its beginning.
const LONGEST_TEXT: usize = 256;
/// A sender name has at most eleven characters (3GPP TS 23.040, 9.1.2.5).
const LONGEST_SENDER: usize = 11;
/// No plan writes its own numbers with so many digits (the longest regular ones have eleven).
const SURELY_LONG: usize = 12;

/// What stands at one end of a record; the codes of spec 2.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// No number was given.
    Withheld = 0,
    /// `+` and 7 to 15 digits.
    E164 = 1,
    /// `id:NAMESPACE:TEXT`.
    Opaque = 2,
    /// `short:CC:DIGITS`.
    Short = 3,
    /// `sender:TEXT`.
    Sender = 4,
    /// `sip:USER@HOST`.
    Sip = 5,
    /// `unknown:TEXT`.
    Unknown = 6,
}

/// One text, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// The code of a [`Kind`].
    pub kind: u8,
    /// The key of spec 2.3; none when withheld.
    pub key: Option<i64>,
    /// The canonical text; none when withheld.
    pub canonical: Option<String>,
    /// ISO 3166-1 letters, where the number plan tells.
    pub country: Option<[u8; 2]>,
    /// The routing prefix that was taken off.
    pub routing_prefix: Option<String>,
    /// Whether a calling-line prefix, one that hides or shows the caller, was taken off.
    pub suppressed: bool,
    /// Whether the plan of its country has numbers of this length; true of every E.164 number kept.
    pub possible: bool,
    /// Whether the plan, as the metadata knows it, has such a number.
    pub valid: bool,
    /// Why it is unknown: a word of [`reason::ALL`].
    pub reason: Option<&'static str>,
}

/// A number form or a table that cannot be used; says why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormError(&'static str);

impl FormError {
    pub(crate) const fn new(why: &'static str) -> Self {
        Self(why)
    }
}

impl std::fmt::Display for FormError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.0)
    }
}

impl std::error::Error for FormError {}

/// How the numbers of a column are written (spec 2.4).
#[derive(Clone, Debug)]
enum Form {
    E164,
    International,
    National(Country),
    Mixed(Country),
    Sip(Country),
    Opaque(String),
}

impl Form {
    fn parse(form: &str) -> Result<Self, FormError> {
        let (word, argument) = form.split_once(':').unwrap_or((form, ""));
        let country = || {
            Country::new(country_letters(argument)?).ok_or(FormError::new(
                "there is no number plan for the country of this number form",
            ))
        };
        match word {
            "e164" if form == word => Ok(Self::E164),
            "international" if form == word => Ok(Self::International),
            "national" => Ok(Self::National(country()?)),
            "mixed" => Ok(Self::Mixed(country()?)),
            "sip" => Ok(Self::Sip(country()?)),
            "opaque" if is_namespace(argument) => Ok(Self::Opaque(argument.to_owned())),
            "opaque" => Err(FormError::new(
                "a namespace is 1 to 32 of a-z 0-9 . _ - and begins with a letter or digit",
            )),
            _ => Err(FormError::new(
                "a number form is e164, international, national:CC, mixed:CC, sip:CC or opaque:NAMESPACE",
            )),
        }
    }

    fn country(&self) -> Option<Country> {
        match self {
            Self::National(country) | Self::Mixed(country) | Self::Sip(country) => Some(*country),
            Self::E164 | Self::International | Self::Opaque(_) => None,
        }
    }
}

fn is_namespace(text: &str) -> bool {
    let inner = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'_' | b'-')
    };
    (1..=32).contains(&text.len())
        && text.bytes().all(inner)
        && text
            .bytes()
            .next()
            .is_some_and(|byte| byte.is_ascii_alphanumeric())
}

/// What a text turned out to be, before the party is written out.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Found {
    Withheld,
    Number(Reading),
    Short([u8; 2], String),
    Sender(String),
    Sip(String),
    Opaque(String),
    Unknown(&'static str),
}

impl Found {
    fn is_valid(&self) -> bool {
        matches!(self, Self::Short(..)) || matches!(self, Self::Number(reading) if reading.valid)
    }
}

impl From<Result<Reading, &'static str>> for Found {
    fn from(result: Result<Reading, &'static str>) -> Self {
        result.map_or_else(Self::Unknown, Self::Number)
    }
}

/// Reads the texts of one column. Made once, used from any number of threads.
#[derive(Clone, Debug)]
pub struct Reader {
    form: Form,
    routing_prefixes: Vec<String>,
    short: ShortCodes,
}

impl Reader {
    /// The reader of a column with this number form.
    ///
    /// `routing_prefixes` are the texts that the operator's switches put in front of some numbers; `short` has the
    /// short codes of the form's country.
    ///
    /// # Errors
    /// `FormError` when the form is not one, its country has no number plan, or a routing prefix is not made of
    /// digits, `*`, `#` and letters A to F (the digits of signalling).
    pub fn new(
        form: &str,
        routing_prefixes: &[String],
        short: &ShortCodes,
    ) -> Result<Self, FormError> {
        let mut routing_prefixes = routing_prefixes.to_vec();
        for prefix in &routing_prefixes {
            let fits =
                |byte: u8| byte.is_ascii_digit() || matches!(byte, b'*' | b'#' | b'A'..=b'F');
            if prefix.is_empty() || !prefix.bytes().all(fits) {
                return Err(FormError::new(
                    "a routing prefix is made of digits, *, # and the letters A to F",
                ));
            }
        }
        routing_prefixes.sort_by_key(|prefix| std::cmp::Reverse(prefix.len()));
        Ok(Self {
            form: Form::parse(form)?,
            routing_prefixes,
            short: short.clone(),
        })
    }

    /// What stands in one cell. Never fails: what cannot be read is unknown, with the reason.
    #[must_use]
    pub fn read(&self, raw: &str) -> Party {
        let raw = if raw.len() > LONGEST_TEXT {
            beginning(raw, LONGEST_TEXT)
        } else {
            raw
        };
        let cleaned = if raw.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+')) {
            Cow::Borrowed(raw)
        } else {
            Cow::Owned(text::clean(raw))
        };
        let mut taken = Taken::default();
        let found = self.find(&cleaned, &mut taken);
        party(found, taken, &cleaned)
    }

    fn find(&self, text: &str, taken: &mut Taken) -> Found {
        if let Form::Opaque(namespace) = &self.form {
            return opaque(namespace, text);
        }
        if text::is_withheld(text) {
            return Found::Withheld;
        }
        if let Some(address) = uri::address(text) {
            return self.address(&address, taken);
        }
        if text::is_spreadsheet_error(text) {
            return Found::Unknown(reason::SPREADSHEET_ERROR);
        }
        let text = damage::unquoted(text);
        if text.is_empty() {
            return Found::Withheld;
        }
        match damage::mended(text) {
            Ok(text) => self.dialled(&text, &self.form, taken),
            Err(why) => Found::Unknown(why),
        }
    }

    /// What a dialled text is: suppression prefix, then routing prefix, then the number.
    fn dialled(&self, text: &str, form: &Form, taken: &mut Taken) -> Found {
        if let Some(rest) = scan::behind_line_prefix(text) {
            taken.suppressed = true;
            return self.routed(rest, form, taken);
        }
        let whole = self.routed(text, form, taken);
        if let Some(country) = form.country()
            && !whole.is_valid()
            && let Some(rest) = scan::behind_national_line_prefix(country, text)
        {
            let mut inner = Taken {
                suppressed: true,
                routing_prefix: None,
            };
            let behind = self.routed(rest, form, &mut inner);
            if matches!(behind, Found::Number(_)) && behind.is_valid() {
                *taken = inner;
                return behind;
            }
        }
        whole
    }

    /// The number behind a routing prefix that the profile names, where there is one.
    ///
    /// A text that is a valid number with the prefix and another one without it is kept as unknown.
    fn routed(&self, text: &str, form: &Form, taken: &mut Taken) -> Found {
        let whole = self.plain(text, form);
        let behind = self.routing_prefixes.iter().find_map(|prefix| {
            let rest = text.strip_prefix(prefix.as_str())?.trim_start();
            let found = self.plain(rest, form);
            matches!(found, Found::Number(_) | Found::Short(..)).then_some((prefix, found))
        });
        match behind {
            None => whole,
            Some((_, found)) if whole.is_valid() && whole != found => {
                if found.is_valid() {
                    Found::Unknown(reason::ROUTING)
                } else {
                    whole
                }
            }
            Some((prefix, found)) => {
                taken.routing_prefix = Some(prefix.clone());
                found
            }
        }
    }

    /// What a text without prefixes is.
    fn plain(&self, text: &str, form: &Form) -> Found {
        let text = scan::without_extension(text);
        match scan::scan(&text) {
            Scanned::Digits {
                digits,
                plus: false,
            } => {
                if let Some(country) = form.country()
                    && self.short.contains(country.letters, &digits)
                {
                    return Found::Short(country.letters, digits);
                }
                self.bare(&digits, form)
            }
            Scanned::Digits { digits, plus: true } => with_plus(&digits),
            Scanned::PlusAtEnd(digits) => match plan::international(&digits) {
                Ok(reading) if reading.valid => Found::Number(reading),
                _ => Found::Unknown(reason::MISPLACED_PLUS),
            },
            Scanned::Letters => {
                sender(&text).map_or(Found::Unknown(reason::LETTERS), Found::Sender)
            }
            Scanned::Refused(why) => Found::Unknown(why),
        }
    }

    /// Digits without a plus, by the number form (spec 2.6).
    fn bare(&self, digits: &str, form: &Form) -> Found {
        match form {
            Form::E164 | Form::Opaque(_) => Found::Unknown(reason::NO_PLUS),
            Form::International => match digits.strip_prefix("00") {
                Some(rest) => plan::international(rest).into(),
                None if digits.starts_with('0') => Found::Unknown(reason::NATIONAL),
                None => plan::international(digits).into(),
            },
            Form::National(country) => national(*country, digits),
            Form::Mixed(country) | Form::Sip(country) => mixed(*country, digits),
        }
    }

    fn address(&self, address: &uri::Address<'_>, taken: &mut Taken) -> Found {
        let user = address.user.trim();
        let Some(host) = &address.host else {
            return match address.context {
                Some(context) if !user.contains('+') => self.in_context(user, context, taken),
                _ => self.dialled(user, &self.form, taken),
            };
        };
        if text::is_withheld(user) && !user.is_empty()
            || matches!(host.as_str(), "anonymous.invalid" | "unknown.invalid")
        {
            return Found::Withheld;
        }
        let found = match address.context {
            Some(context) if address.phone && !user.contains('+') => {
                self.in_context(user, context, taken)
            }
            _ => self.dialled(user, &self.form, taken),
        };
        match found {
            // Digits that only the host's own plan explains are a name at that host, unless it says otherwise.
            Found::Number(reading) if address.phone || reading.valid || user.starts_with('+') => {
                Found::Number(reading)
            }
            Found::Short(country, digits) if address.phone => Found::Short(country, digits),
            Found::Unknown(why) if address.phone => Found::Unknown(why),
            _ => {
                *taken = Taken::default();
                sip(user, host)
            }
        }
    }

    /// A local number with its `phone-context` (RFC 3966, 5.1.4): understood where the context is a country code.
    ///
    /// A longer context is no prefix ("+1-911 is not a valid number"), and a domain's plan is the domain's own.
    fn in_context(&self, user: &str, context: &str, taken: &mut Taken) -> Found {
        let digits: String = context.chars().filter(char::is_ascii_digit).collect();
        match Country::of_calling_code(&digits) {
            Some(country) if context.starts_with('+') => {
                let country = self
                    .form
                    .country()
                    .filter(|own| own.owns(&digits))
                    .unwrap_or(country);
                self.dialled(user, &Form::National(country), taken)
            }
            _ => Found::Unknown(reason::CONTEXT),
        }
    }
}

/// What was taken off in front of a number.
#[derive(Default)]
struct Taken {
    suppressed: bool,
    routing_prefix: Option<String>,
}

fn with_plus(digits: &str) -> Found {
    // "+00" cannot begin a number; what stands behind it is read only where that is valid.
    match digits.strip_prefix("00").map(plan::international) {
        Some(Ok(reading)) if reading.valid => Found::Number(reading),
        _ => plan::international(digits).into(),
    }
}

/// `00`, the prefix that ITU-T E.164 recommends, where the country itself uses another.
fn behind_zeros(digits: &str) -> Option<Reading> {
    valid(plan::international(digits.strip_prefix("00")?))
}

fn valid(reading: Result<Reading, &'static str>) -> Option<Reading> {
    reading.ok().filter(|reading| reading.valid)
}

/// Digits behind an international prefix of the country, which may have a carrier's code in it (`0015` in Brazil).
///
/// Where plain `00` gives another valid number, it cannot be told which of the two was written.
fn abroad(result: Result<Reading, &'static str>, digits: &str) -> Found {
    match (result, behind_zeros(digits)) {
        (Ok(one), Some(other)) if one.valid && one.digits != other.digits => {
            Found::Unknown(reason::AMBIGUOUS)
        }
        (_, Some(reading)) => Found::Number(reading),
        (result, None) => result.into(),
    }
}

/// Digits of a national column: the national reading, else the country's own international one.
///
/// Only a reading that the plan has is taken. A number that is merely of a possible length is unknown here, because
/// what looks like an unassigned national number may be dialled over a border that shares a plan (`048` in Ireland
/// is Northern Ireland's `+44 28`). A foreign number without a plus is unknown, and so is a number that lacks its
/// trunk prefix where the same digits are a foreign one.
fn national(country: Country, digits: &str) -> Found {
    let why = match plan::national(country, digits) {
        Dialled::Abroad(result) => return abroad(result, digits),
        Dialled::National(reading) if reading.valid => {
            let other = valid(plan::international(digits))
                .is_some_and(|other| other.digits != reading.digits);
            return if other
                && !reading.trunk
                && (digits.len() >= SURELY_LONG || plan::omits_trunk(country, digits))
            {
                Found::Unknown(reason::AMBIGUOUS)
            } else {
                Found::Number(reading)
            };
        }
        Dialled::National(_) => reason::NOT_IN_PLAN,
        Dialled::Neither(why) => why,
    };
    if let Some(reading) = behind_zeros(digits) {
        return Found::Number(reading);
    }
    match valid(plan::international(digits)) {
        Some(reading) if country.owns(digits) => Found::Number(reading),
        Some(_) => Found::Unknown(reason::FOREIGN),
        None => Found::Unknown(why),
    }
}

/// Digits of a mixed column: the one valid reading, national or international, else unknown.
fn mixed(country: Country, digits: &str) -> Found {
    let bare = valid(plan::international(digits));
    let why = match plan::national(country, digits) {
        // The country's own international prefix may be how a country code begins: 99 in Finland, 995 is Georgia.
        Dialled::Abroad(result) => {
            return match (bare, abroad(result, digits)) {
                (Some(bare), Found::Number(other))
                    if other.valid && other.digits != bare.digits =>
                {
                    Found::Unknown(reason::AMBIGUOUS)
                }
                (_, Found::Unknown(reason::AMBIGUOUS)) => Found::Unknown(reason::AMBIGUOUS),
                (Some(bare), _) => Found::Number(bare),
                (None, dialled) => dialled,
            };
        }
        Dialled::National(reading) if reading.valid => {
            return match bare {
                Some(other) if other.digits != reading.digits => Found::Unknown(reason::AMBIGUOUS),
                _ => Found::Number(reading),
            };
        }
        Dialled::National(_) => reason::NOT_IN_PLAN,
        Dialled::Neither(why) => why,
    };
    bare.or_else(|| behind_zeros(digits))
        .map_or(Found::Unknown(why), Found::Number)
}

fn opaque(namespace: &str, text: &str) -> Found {
    let word = !text.bytes().any(|byte| byte.is_ascii_digit());
    if text.is_empty() || (word && text::is_withheld(text)) {
        return Found::Withheld;
    }
    if text.len() > 128 || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Found::Unknown(if text.len() > 128 {
            reason::TOO_LONG
        } else {
            reason::CHARACTERS
        });
    }
    Found::Opaque(format!("id:{namespace}:{text}"))
}

/// A sender name: letters, at most eleven characters, and not a number with a letter slipped in.
fn sender(text: &str) -> Option<String> {
    let name = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let digits = name.chars().filter(char::is_ascii_digit).count();
    let letters = name
        .chars()
        .filter(|character| character.is_alphabetic())
        .count();
    let fits = letters > 0 && digits <= 4.max(letters) && name.chars().count() <= LONGEST_SENDER;
    (fits && !name.starts_with('+')).then_some(name)
}

fn sip(user: &str, host: &str) -> Found {
    let at = if user.is_empty() { "" } else { "@" };
    Found::Sip(format!("sip:{user}{at}{host}"))
}

fn beginning(text: &str, bytes: usize) -> &str {
    let end = (0..=bytes)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0);
    &text[..end]
}

fn party(found: Found, taken: Taken, cleaned: &str) -> Party {
    let mut party = Party {
        kind: Kind::Unknown as u8,
        key: None,
        canonical: None,
        country: None,
        routing_prefix: taken.routing_prefix,
        suppressed: taken.suppressed,
        possible: false,
        valid: false,
        reason: None,
    };
    let (kind, canonical) = match found {
        Found::Withheld => {
            party.kind = Kind::Withheld as u8;
            return party;
        }
        Found::Number(reading) => {
            party.country = reading.country;
            party.possible = true;
            party.valid = reading.valid;
            // At most fifteen digits, so the key is exact (spec 2.3).
            party.key = reading.digits.parse().ok();
            (Kind::E164, format!("+{}", reading.digits))
        }
        Found::Short(country, digits) => {
            party.country = Some(country);
            let [first, second] = country.map(char::from);
            (Kind::Short, format!("short:{first}{second}:{digits}"))
        }
        Found::Sender(name) => (Kind::Sender, format!("sender:{name}")),
        Found::Sip(address) => (Kind::Sip, address),
        Found::Opaque(text) => (Kind::Opaque, text),
        Found::Unknown(why) => {
            party.reason = Some(why);
            (Kind::Unknown, format!("unknown:{cleaned}"))
        }
    };
    party.kind = kind as u8;
    party.key = party.key.or_else(|| Some(text_key(&canonical)));
    party.canonical = Some(canonical);
    party
}

/// The key of a canonical text that is not E.164: `-1 - (first 62 bits of SHA-256)` (spec 2.3).
#[must_use]
pub fn text_key(canonical: &str) -> i64 {
    let digest = Sha256::digest(canonical.as_bytes());
    let first = digest
        .iter()
        .take(8)
        .fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
    -1 - i64::try_from(first >> 2).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
