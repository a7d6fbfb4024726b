use super::*;

fn reader(form: &str) -> Reader {
    let short = ShortCodes::new([
        ("IQ", r"1(?:0[04]|15|22)|4432|71117|9988"),
        ("FR", r"1(?:[578]|12)|3\d{3}"),
        ("US", r"[2-8]11|9(?:11|33|88)"),
    ])
    .unwrap();
    Reader::new(form, &[], &short).unwrap()
}

fn canonical(form: &str, raw: &str) -> String {
    let party = reader(form).read(raw);
    party.canonical.unwrap_or_else(|| "withheld".to_owned())
}

#[test]
fn a_foreign_number_never_becomes_domestic() {
    assert_eq!(canonical("mixed:FR", "964-790-123-4567"), "+9647901234567");
    assert_eq!(
        canonical("national:FR", "964-790-123-4567"),
        "unknown:964-790-123-4567"
    );
    assert_eq!(
        canonical("national:FR", "+964 790 123 4567"),
        "+9647901234567"
    );
    assert_eq!(
        canonical("national:FR", "00964 790 123 4567"),
        "+9647901234567"
    );
    assert_eq!(
        canonical("national:US", "011 964 790 123 4567"),
        "+9647901234567"
    );
    assert_eq!(
        canonical("national:US", "00 964 790 123 4567"),
        "+9647901234567"
    );
}

#[test]
fn a_short_code_is_not_a_country_code_and_two_digits() {
    assert_eq!(canonical("national:IQ", "122"), "short:IQ:122");
    assert_eq!(canonical("mixed:FR", "17"), "short:FR:17");
    assert_eq!(
        reader("international").read("122").reason,
        Some("too-short")
    );
}

#[test]
fn the_forms_differ_in_what_they_take() {
    assert_eq!(canonical("e164", "+33612345678"), "+33612345678");
    assert_eq!(reader("e164").read("33612345678").reason, Some("no-plus"));
    assert_eq!(canonical("international", "33612345678"), "+33612345678");
    assert_eq!(canonical("international", "0033612345678"), "+33612345678");
    assert_eq!(
        reader("international").read("0612345678").reason,
        Some("national")
    );
    assert_eq!(canonical("national:FR", "0612345678"), "+33612345678");
    assert_eq!(canonical("national:FR", "612345678"), "+33612345678");
    assert_eq!(canonical("national:IT", "06 698 1234"), "+39066981234");
    assert_eq!(
        canonical("national:AR", "011 15 2345-6789"),
        "+5491123456789"
    );
    assert_eq!(canonical("opaque:vast", "200"), "id:vast:200");
}

#[test]
fn prefixes_are_taken_off_and_said() {
    let hidden = reader("national:IQ").read("#31#07901234567");
    assert_eq!(
        (hidden.canonical.as_deref(), hidden.suppressed),
        (Some("+9647901234567"), true)
    );
    let short = ShortCodes::default();
    let routed = Reader::new("national:IQ", &["88".to_owned()], &short)
        .unwrap()
        .read("8807901234567");
    assert_eq!(
        (
            routed.canonical.as_deref(),
            routed.routing_prefix.as_deref()
        ),
        (Some("+9647901234567"), Some("88"))
    );
}

#[test]
fn the_french_plan_has_several_country_codes() {
    assert_eq!(canonical("national:FR", "0692 12 34 56"), "+262692123456");
    assert_eq!(canonical("mixed:FR", "0596 70 12 34"), "+596596701234");
    assert_eq!(canonical("national:FR", "0508 41 12 34"), "+508411234");
    assert_eq!(canonical("national:RE", "06 12 34 56 78"), "+33612345678");
}

#[test]
fn plans_reach_over_borders() {
    assert_eq!(canonical("national:IE", "048 9649 6012"), "+442896496012");
    assert_eq!(canonical("national:IT", "0549 882345"), "+3780549882345");
    assert_eq!(canonical("national:FR", "0639 12 34 56"), "+262639123456");
}

#[test]
fn mexico_before_2019_is_the_same_number() {
    for (form, raw) in [
        ("e164", "+52 1 55 1234 5678"),
        ("international", "5215512345678"),
        ("national:MX", "044 55 1234 5678"),
        ("mixed:MX", "01 55 1234 5678"),
    ] {
        assert_eq!(canonical(form, raw), "+525512345678", "{form} {raw}");
    }
}

#[test]
fn digits_with_two_readings_are_unknown() {
    for (form, raw) in [
        ("mixed:US", "6596234567"),
        ("national:DE", "15123456789"),
        ("mixed:DE", "15123456789"),
        ("national:ID", "00918123456789"),
    ] {
        assert_eq!(
            reader(form).read(raw).reason,
            Some("ambiguous"),
            "{form} {raw}"
        );
    }
    assert_eq!(canonical("national:US", "6596234567"), "+16596234567");
    assert_eq!(canonical("national:DE", "4915123456789"), "+4915123456789");
}

#[test]
fn a_possible_number_is_kept_only_behind_a_written_country_code() {
    let kept = reader("national:GB").read("+44 7700 900123");
    assert_eq!((kept.possible, kept.valid), (true, false));
    assert_eq!(
        reader("national:GB").read("07700 900123").reason,
        Some("not-in-plan")
    );
}

#[test]
fn a_routing_prefix_is_not_taken_from_a_number_that_has_none() {
    let read = |raw: &str| {
        Reader::new("mixed:IQ", &["77".to_owned()], &ShortCodes::default())
            .unwrap()
            .read(raw)
    };
    assert_eq!(read("7701234567").routing_prefix, None);
    assert_eq!(read("7707901234567").routing_prefix.as_deref(), Some("77"));
}

#[test]
fn one_reader_serves_many_threads() {
    let reader = reader("mixed:IQ");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for tail in 0..500 {
                    let raw = format!("0790 123 {tail:04}");
                    assert_eq!(reader.read(&raw).key, Some(9_647_901_230_000 + tail));
                }
            });
        }
    });
}

#[test]
fn addresses_senders_and_withheld_numbers() {
    assert_eq!(
        canonical("sip:FR", "sip:+33612345678@host;user=phone"),
        "+33612345678"
    );
    assert_eq!(
        canonical("sip:FR", "sip:alice@Host.example"),
        "sip:alice@host.example"
    );
    assert_eq!(
        canonical("sip:FR", "sip:anonymous@anonymous.invalid"),
        "withheld"
    );
    assert_eq!(
        canonical("e164", "tel:0612345678;phone-context=+33"),
        "+33612345678"
    );
    assert_eq!(canonical("mixed:IQ", "Zain IQ"), "sender:Zain IQ");
    assert_eq!(canonical("mixed:IQ", "رقم محجوب"), "withheld");
}

#[test]
fn keys_are_those_of_the_spec() {
    assert_eq!(
        reader("e164").read("+9647901234567").key,
        Some(9_647_901_234_567)
    );
    // SHA-256 of the empty text begins e3b0c44298fc1c14.
    assert_eq!(text_key(""), -1 - (0xe3b0_c442_98fc_1c14_u64 >> 2) as i64);
    assert_eq!(reader("e164").read("").key, None);
}

#[test]
fn a_form_that_is_not_one_is_refused() {
    for form in [
        "",
        "e164:FR",
        "national",
        "national:fr",
        "national:ZZ",
        "opaque:",
        "opaque:Ä",
        "mixed:EU",
    ] {
        assert!(
            Reader::new(form, &[], &ShortCodes::default()).is_err(),
            "{form}"
        );
    }
    assert!(Reader::new("e164", &["+".to_owned()], &ShortCodes::default()).is_err());
}

#[test]
fn no_reason_is_missing_from_the_list() {
    for raw in [
        "*100#",
        "12",
        "0790 123 4567/8",
        "9.6E+12",
        "#REF!",
        "0790O234567x",
        "+999123456789",
        "٪",
    ] {
        let why = reader("mixed:IQ").read(raw).reason.unwrap();
        assert!(reason::ALL.contains(&why), "{why}");
    }
}
