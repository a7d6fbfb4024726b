//! Cleaning of a cell's text, and the words that stand where a number would.

/// The text with format characters gone, digits and separators in ASCII, spaces plain and trimmed.
///
/// Format characters are all of Unicode's Cf: bidi marks and isolates, zero-width spaces, soft hyphens, the byte
/// order mark. Arabic-Indic, Persian and fullwidth digits become ASCII digits in the order in which they are stored.
pub(crate) fn clean(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    for character in raw.chars() {
        if let Some(plain) = plain(character) {
            text.push(plain);
        }
    }
    let trimmed = text.trim();
    if trimmed.len() == text.len() {
        text
    } else {
        trimmed.to_owned()
    }
}

/// One character as cleaned; `None` when it is dropped.
fn plain(character: char) -> Option<char> {
    if character.is_ascii() && !character.is_ascii_control() {
        return Some(character);
    }
    let plain = match character {
        '\t' | '\n' | '\r' => ' ',
        // Variation selectors and the enclosing keycap ride on a digit that is read without them.
        '\u{FE00}'..='\u{FE0F}' | '\u{20E3}' => return None,
        _ if is_format(character) || character.is_control() => return None,
        _ if character.is_whitespace() => ' ',
        '\u{0660}'..='\u{0669}' => digit(character, 0x0660),
        '\u{06F0}'..='\u{06F9}' => digit(character, 0x06F0),
        '\u{FF10}'..='\u{FF19}' => digit(character, 0xFF10),
        '\u{FF0B}' | '\u{FE62}' | '\u{FB29}' => '+',
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE58}' | '\u{FE63}' | '\u{FF0D}' => '-',
        '\u{066B}' | '\u{00B7}' | '\u{2022}' | '\u{2219}' | '\u{FF0E}' => '.',
        '\u{066C}' | '\u{060C}' | '\u{FF0C}' => ',',
        '\u{061B}' => ';',
        '\u{2044}' | '\u{2215}' | '\u{FF0F}' => '/',
        '\u{FF08}' => '(',
        '\u{FF09}' => ')',
        '\u{FF03}' => '#',
        '\u{FF0A}' | '\u{066D}' => '*',
        '\u{2018}' | '\u{2019}' | '\u{02BC}' => '\'',
        '\u{201C}' | '\u{201D}' => '"',
        other => other,
    };
    Some(plain)
}

fn digit(character: char, zero: u32) -> char {
    char::from_digit(u32::from(character) - zero, 10).unwrap_or(character)
}

/// Unicode 16, general category Cf.
fn is_format(character: char) -> bool {
    matches!(character,
        '\u{00AD}' | '\u{0600}'..='\u{0605}' | '\u{061C}' | '\u{06DD}' | '\u{070F}' | '\u{0890}'..='\u{0891}'
        | '\u{08E2}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2064}'
        | '\u{2066}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{110BD}' | '\u{110CD}'
        | '\u{13430}'..='\u{1343F}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0001}'
        | '\u{E0020}'..='\u{E007F}')
}

/// Whether the cleaned text says that no number was given: nothing at all, or a word for withheld or unavailable.
///
/// Both are one kind, because neither can be told from the other by what operators write ("unknown" is what some
/// print for a restricted number), and neither may become a party that two records share.
pub(crate) fn is_withheld(text: &str) -> bool {
    if text.bytes().any(|byte| byte.is_ascii_digit()) {
        return matches!(text, "-1" | "-2" | "-3");
    }
    if !text.chars().any(char::is_alphabetic) {
        return text
            .chars()
            .all(|character| matches!(character, '-' | '.' | '?' | '*' | '_' | '\'' | '"' | ' '));
    }
    WITHHELD.binary_search(&folded(text).as_str()).is_ok()
}

/// Lower case, without Arabic vowel signs, tatweel, quotes and brackets; hyphens and underscores as one space.
fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars().flat_map(char::to_lowercase) {
        match character {
            '\u{064B}'..='\u{0652}'
            | '\u{0640}'
            | '\u{0307}'
            | '<'
            | '>'
            | '('
            | ')'
            | '['
            | ']'
            | '"'
            | '\'' => {}
            ' ' | '-' | '_' | '.' => {
                if !out.is_empty() && !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            // The two Arabic spellings that keyboards mix: alef with hamza, and Persian yeh.
            'أ' | 'إ' => out.push('ا'),
            'ی' | 'ى' => out.push('ي'),
            other => out.push(other),
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// Folded and sorted. English, French, Arabic, Persian, Turkish, German, Italian, Spanish; ISUP and SIP terms.
const WITHHELD: &[&str] = &[
    "anonim",
    "anonima",
    "anonimo",
    "anonym",
    "anonyme",
    "anonymous",
    "anónimo",
    "appel masqué",
    "bilinmeyen",
    "bilinmiyor",
    "blocked",
    "clir",
    "confidentiel",
    "desconocido",
    "gizli",
    "gizli numara",
    "hidden",
    "id withheld",
    "inconnu",
    "inconnue",
    "indisponible",
    "masked",
    "masque",
    "masqué",
    "masquée",
    "n a",
    "n/a",
    "na",
    "nan",
    "no caller id",
    "no disponible",
    "no number",
    "non communiqué",
    "non disponibile",
    "non disponible",
    "none",
    "not available",
    "null",
    "number withheld",
    "numero anonimo",
    "numero masque",
    "numero oculto",
    "numero privado",
    "numero privato",
    "numero sconosciuto",
    "numéro caché",
    "numéro inconnu",
    "numéro masqué",
    "numéro privé",
    "número oculto",
    "número privado",
    "oculto",
    "out of area",
    "privado",
    "private",
    "private caller",
    "private number",
    "privato",
    "privé",
    "restricted",
    "sconosciuto",
    "secret",
    "suppressed",
    "unavailable",
    "unbekannt",
    "undefined",
    "unknown",
    "unknown caller",
    "unknown number",
    "unterdrückt",
    "withheld",
    "withheld number",
    "özel numara",
    "خاص",
    "خصوصي",
    "رقم خاص",
    "رقم غير معروف",
    "رقم مجهول",
    "رقم محجوب",
    "رقم مخفي",
    "غير متاح",
    "غير متوفر",
    "غير معروف",
    "مجهول",
    "محجوب",
    "مخفي",
    "ناشناس",
    "نامشخص",
];

/// Whether a spreadsheet put an error value where a number was.
pub(crate) fn is_spreadsheet_error(text: &str) -> bool {
    text.starts_with('#')
        && text.len() > 2
        && text[1..]
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || matches!(byte, b'/' | b'!' | b'?' | b'0'))
        && text.bytes().any(|byte| byte.is_ascii_uppercase())
        || (text.len() > 2 && text.bytes().all(|byte| byte == b'#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_folded_and_sorted() {
        let mut sorted = WITHHELD.to_vec();
        sorted.sort_unstable();
        assert_eq!(WITHHELD, sorted.as_slice());
        for word in WITHHELD {
            assert_eq!(folded(word), **word);
        }
    }

    #[test]
    fn bidi_marks_go_and_digits_keep_their_order() {
        assert_eq!(clean("\u{202A}+964\u{00A0}790\u{202C}\u{200F}"), "+964 790");
        assert_eq!(clean("٠٧٩٠۱۲۳"), "0790123");
        assert_eq!(clean("+\u{FF11}\u{2011}2"), "+1-2");
    }

    #[test]
    fn words_for_no_number() {
        for text in [
            "",
            "-",
            "Anonymous",
            "PRIVATE",
            "Numéro masqué",
            "رقم مَحجوب",
            "-1",
            "<unknown>",
            "N/A",
        ] {
            assert!(is_withheld(text), "{text}");
        }
        for text in ["0", "Privat Bank", "خاص بك", "-4", "+"] {
            assert!(!is_withheld(text), "{text}");
        }
    }

    #[test]
    fn spreadsheet_errors() {
        for text in ["#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "########"] {
            assert!(is_spreadsheet_error(text), "{text}");
        }
        for text in ["#31#0790", "#", "*100#", "##"] {
            assert!(!is_spreadsheet_error(text), "{text}");
        }
    }
}
