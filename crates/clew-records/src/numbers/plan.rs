//! Number plans: from digits whose reading is settled to an E.164 number, with what the plan says of it.
//!
//! The only module that knows the metadata library. It decides nothing about ambiguity: [`international`] and
//! [`national`] each give *one* reading, and the reader compares them.

use std::sync::LazyLock;

use rlibphonenumber::{
    CountryCodeSource, NumberLengthType, PhoneNumber, PhoneNumberFormat, PhoneNumberType,
    PhoneNumberUtil, Region, ValidationError, get_national_significant_number_owned,
};

use super::reason;

const E164_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

struct Plans {
    util: PhoneNumberUtil,
    calling_codes: Vec<bool>,
}

static PLANS: LazyLock<Plans> = LazyLock::new(|| {
    let util = PhoneNumberUtil::new().expect("the compiled metadata is part of the binary");
    let mut calling_codes = vec![false; 1000];
    for code in util.get_supported_calling_codes() {
        if let Some(slot) = usize::try_from(code)
            .ok()
            .and_then(|code| calling_codes.get_mut(code))
        {
            *slot = true;
        }
    }
    Plans {
        util,
        calling_codes,
    }
});

/// One reading of some digits as an E.164 number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    /// Country code and national significant number, no plus.
    pub(crate) digits: String,
    /// The country that the plan gives it to, where it tells.
    pub(crate) country: Option<[u8; 2]>,
    /// Whether the plan has such a number; a reading that is not even possible is never made.
    pub(crate) valid: bool,
    /// Whether a trunk prefix was taken off.
    pub(crate) trunk: bool,
}

/// What digits dialled inside a country are.
#[derive(Debug)]
pub(crate) enum Dialled {
    /// A number of the country's own plan.
    National(Reading),
    /// An international prefix of the country stood in front, or a code of its plan for a neighbour's.
    Abroad(Result<Reading, &'static str>),
    /// Neither, and why not.
    Neither(&'static str),
}

/// A country with a number plan.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Country {
    pub(crate) letters: [u8; 2],
    region: Region,
    calling_code: i32,
}

impl Country {
    /// The country with these letters, where the metadata has a plan for it.
    pub(crate) fn new(letters: [u8; 2]) -> Option<Self> {
        let region = Region::from_code(std::str::from_utf8(&letters).ok()?).ok()?;
        let calling_code = PLANS.util.get_country_code_for_region(region)?;
        Some(Self {
            letters,
            region,
            calling_code,
        })
    }

    /// The main country of a calling code, `+44` the United Kingdom.
    pub(crate) fn of_calling_code(digits: &str) -> Option<Self> {
        let region = PLANS
            .util
            .get_region_for_country_code(digits.parse().ok()?)?;
        Self::new(letters_of(region)?)
    }

    /// Whether the digits begin with the country's own calling code.
    pub(crate) fn owns(&self, digits: &str) -> bool {
        let mut buffer = [0_u8; 4];
        digits
            .as_bytes()
            .starts_with(decimal(self.calling_code, &mut buffer))
    }

    /// Whether the country is in the North American plan, `+1`.
    pub(crate) fn is_north_american(&self) -> bool {
        self.calling_code == 1
    }
}

/// The reading of digits that begin with a country code; the reason when there is none.
///
/// The number as it stands goes first; one with the trunk prefix left in, as in `+33 (0)6`, is mended only by
/// taking that prefix out, never by adding or exchanging a digit.
pub(crate) fn international(digits: &str) -> Result<Reading, &'static str> {
    if digits.len() < *E164_DIGITS.start() {
        return Err(reason::TOO_SHORT);
    }
    if digits.starts_with('0') {
        return Err(reason::NO_COUNTRY);
    }
    let (code, national) = split(digits).ok_or(reason::NO_COUNTRY)?;
    let written = significant(code, national).ok_or(reason::TOO_LONG)?;
    let length = length_fault(&written);
    if length.is_none() && digits.len() <= *E164_DIGITS.end() {
        let reading = of(digits.to_owned(), &written, false);
        if reading.valid {
            return Ok(reading);
        }
    }
    let mended = without_trunk(digits, code, national);
    match (mended, length) {
        (Some(mended), _) if mended.valid => Ok(mended),
        (Some(mended), _) if national.starts_with('0') => Ok(mended),
        (_, Some(fault)) => Err(fault),
        _ if digits.len() > *E164_DIGITS.end() => Err(reason::TOO_LONG),
        _ if is_cut(code, national) => Err(reason::LENGTH),
        _ => Ok(of(digits.to_owned(), &written, false)),
    }
}

/// Whether a number that the plan does not have is one of its numbers without the last digit, or with one too many.
///
/// A length is possible when *any* range of the plan has it, and a mobile number that lost a digit often is as long
/// as a fixed line: its own range has no numbers of that length, so nobody has it.
fn is_cut(code: i32, national: &str) -> bool {
    let valid = |national: &str| {
        significant(code, national).is_some_and(|number| PLANS.util.is_valid_number(&number))
    };
    let shorter = &national[..national.len().saturating_sub(1)];
    valid(shorter) || ('0'..='9').any(|digit| valid(&format!("{national}{digit}")))
}

/// The prefixes of the French national plan whose numbers have a country code other than 33 (ARCEP, décision
/// 2018-0881, annex 1): dialled alike everywhere in the plan, and domestic to none but their own territory.
const FRENCH_OVERSEAS: &[(&str, &str)] = &[
    ("262", "262"),
    ("263", "262"),
    ("269", "262"),
    ("508", "508"),
    ("590", "590"),
    ("594", "594"),
    ("596", "596"),
    ("639", "262"),
    ("690", "590"),
    ("691", "590"),
    ("692", "262"),
    ("693", "262"),
    ("694", "594"),
    ("696", "596"),
    ("697", "596"),
];
const FRENCH_CODES: &[i32] = &[33, 262, 590, 594, 596];

/// The reading of digits dialled in the French plan that lie in a territory with a country code of its own.
fn french_overseas(country: Country, digits: &str) -> Option<Dialled> {
    if !FRENCH_CODES.contains(&country.calling_code) {
        return None;
    }
    let trunk = digits.len() == 10 && digits.starts_with('0');
    let nine = if trunk { &digits[1..] } else { digits };
    let (_, code) = FRENCH_OVERSEAS
        .iter()
        .find(|(prefix, _)| nine.len() == 9 && nine.starts_with(prefix))?;
    // Saint-Pierre-et-Miquelon kept six digits: the three in front are its country code.
    let all = if *code == "508" {
        nine.to_owned()
    } else {
        format!("{code}{nine}")
    };
    let reading = international(&all);
    // With the trunk 0 nothing else is meant. Without it, the digits must stand against the other readings.
    Some(match reading {
        Ok(reading) if !trunk => Dialled::National(Reading { trunk, ..reading }),
        reading => Dialled::Abroad(reading),
    })
}

/// A reading that a country's plan gives to digits dialled there, and the metadata do not.
///
/// `048` and eight digits in Ireland is Northern Ireland (ComReg, Numbering Conditions of Use); `0549` and six in
/// Italy is San Marino (AGCOM, delibera 8/15/CIR), whose numbers keep the 0549 behind +378. Until 3 August 2019
/// Mexico dialled `01`, `044` or `045` before its ten digits (IFT, Plan Técnico Fundamental de Numeración).
fn beyond_the_metadata(country: Country, digits: &str) -> Option<Dialled> {
    let all = match (&country.letters, digits.len()) {
        (b"IE", 11) => format!("4428{}", digits.strip_prefix("048")?),
        (b"IT" | b"VA", 10) if digits.starts_with("0549") => format!("378{digits}"),
        (b"MX", 12) => format!("52{}", digits.strip_prefix("01")?),
        (b"MX", 13) => format!(
            "52{}",
            digits
                .strip_prefix("044")
                .or_else(|| digits.strip_prefix("045"))?
        ),
        _ => return None,
    };
    Some(Dialled::Abroad(international(&all)))
}

/// What digits dialled in a country are; says nothing about digits that begin with a bare country code.
pub(crate) fn national(country: Country, digits: &str) -> Dialled {
    if let Some(dialled) =
        french_overseas(country, digits).or_else(|| beyond_the_metadata(country, digits))
    {
        return dialled;
    }
    let dialled = in_own_plan(country, digits);
    let found = match &dialled {
        Dialled::National(reading) => reading.valid,
        Dialled::Abroad(_) => true,
        Dialled::Neither(_) => false,
    };
    if found || country.calling_code == 33 || !FRENCH_CODES.contains(&country.calling_code) {
        return dialled;
    }
    // What is dialled overseas and is not overseas is in metropolitan France.
    match Country::new(*b"FR").map(|france| in_own_plan(france, digits)) {
        Some(Dialled::National(reading)) if reading.valid => Dialled::National(reading),
        _ => dialled,
    }
}

fn in_own_plan(country: Country, digits: &str) -> Dialled {
    let Ok(parsed) = PLANS
        .util
        .parse_and_keep_raw_input(digits, Some(country.region))
    else {
        return Dialled::Neither(if digits.len() < 7 {
            reason::TOO_SHORT
        } else {
            reason::NOT_IN_PLAN
        });
    };
    let significant_digits = get_national_significant_number_owned(&parsed);
    let all = format!("{}{significant_digits}", parsed.country_code);
    if matches!(
        parsed.country_code_source(),
        CountryCodeSource::FromNumberWithIdd
    ) {
        return Dialled::Abroad(international(&all));
    }
    if parsed.country_code != country.calling_code
        || matches!(
            parsed.country_code_source(),
            CountryCodeSource::FromNumberWithoutPlusSign
        )
    {
        return Dialled::Neither(reason::NOT_IN_PLAN);
    }
    if let Some(fault) = length_fault(&parsed) {
        return Dialled::Neither(fault);
    }
    if !E164_DIGITS.contains(&all.len()) {
        return Dialled::Neither(if all.len() < 7 {
            reason::TOO_SHORT
        } else {
            reason::TOO_LONG
        });
    }
    let trunk = significant_digits.len() != digits.len();
    // A German number has at most eleven digits behind the 0 (Bundesnetzagentur, Nummernplan Ortsnetzrufnummern);
    // old extensions may go beyond, but not in a number that has lost its 0.
    if !trunk && country.calling_code == 49 && digits.len() > 11 {
        return Dialled::Neither(reason::TOO_LONG);
    }
    Dialled::National(of(all, &parsed, trunk))
}

/// Whether digits that are a national number lack the trunk prefix with which the plan writes that number.
pub(crate) fn omits_trunk(country: Country, digits: &str) -> bool {
    let Ok(parsed) = PLANS.util.parse(digits, Some(country.region)) else {
        return false;
    };
    let written = PLANS.util.format(&parsed, PhoneNumberFormat::National);
    !written
        .chars()
        .filter(char::is_ascii_digit)
        .eq(digits.chars())
}

fn split(digits: &str) -> Option<(i32, &str)> {
    (1..=3).find_map(|length| {
        let (code, rest) = digits.split_at_checked(length)?;
        let code: usize = code.parse().ok()?;
        PLANS.calling_codes[code].then_some((i32::try_from(code).ok()?, rest))
    })
}

fn significant(code: i32, national: &str) -> Option<PhoneNumber> {
    let zeros = national
        .bytes()
        .take_while(|digit| *digit == b'0')
        .count()
        .min(national.len().saturating_sub(1));
    let mut number = PhoneNumber {
        country_code: code,
        national_number: national.parse().ok()?,
        ..Default::default()
    };
    if zeros > 0 {
        number.italian_leading_zero = Some(true);
        if zeros > 1 {
            number.number_of_leading_zeros = i32::try_from(zeros).ok();
        }
    }
    Some(number)
}

fn without_trunk(digits: &str, code: i32, national: &str) -> Option<Reading> {
    // Until 3 August 2019 a 1 stood between +52 and a mobile number; the number behind it is the same (IFT).
    if let (52, 11, Some(rest)) = (code, national.len(), national.strip_prefix('1')) {
        let number = significant(code, rest)?;
        return length_fault(&number)
            .is_none()
            .then(|| of(format!("52{rest}"), &number, true));
    }
    let parsed = PLANS.util.parse(format!("+{digits}"), None).ok()?;
    let rest = get_national_significant_number_owned(&parsed);
    if parsed.country_code != code || rest.len() >= national.len() || !national.ends_with(&rest) {
        return None;
    }
    let all = format!("{code}{rest}");
    (length_fault(&parsed).is_none() && E164_DIGITS.contains(&all.len()))
        .then(|| of(all, &parsed, true))
}

fn of(digits: String, number: &PhoneNumber, trunk: bool) -> Reading {
    let country = PLANS
        .util
        .get_region_for_number(number)
        .and_then(letters_of);
    let valid = PLANS.util.get_number_type(number) != PhoneNumberType::Unknown
        || (country.is_none() && PLANS.util.is_valid_number(number));
    Reading {
        digits,
        country,
        valid,
        trunk,
    }
}

fn length_fault(number: &PhoneNumber) -> Option<&'static str> {
    match PLANS.util.is_possible_number_with_reason(number) {
        Ok(NumberLengthType::IsPossible) => None,
        Ok(NumberLengthType::IsPossibleLocalOnly) => Some(reason::LOCAL),
        Err(ValidationError::TooShort) => Some(reason::TOO_SHORT),
        Err(ValidationError::TooLong) => Some(reason::TOO_LONG),
        Err(ValidationError::InvalidLength) => Some(reason::LENGTH),
        Err(ValidationError::InvalidCountryCode) => Some(reason::NO_COUNTRY),
    }
}

/// The two letters of a region; none for the world-wide codes such as `+800`, whose "region" is no country.
fn letters_of(region: Region) -> Option<[u8; 2]> {
    match region.as_region_str().as_str().as_bytes() {
        [first @ b'A'..=b'Z', second @ b'A'..=b'Z'] => Some([*first, *second]),
        _ => None,
    }
}

fn decimal(code: i32, buffer: &mut [u8; 4]) -> &[u8] {
    let mut at = buffer.len();
    let mut rest = code.unsigned_abs();
    while rest > 0 && at > 0 {
        at -= 1;
        buffer[at] = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
    }
    &buffer[at..]
}
