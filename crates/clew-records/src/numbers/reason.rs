//! Why a text is kept as unknown (spec 2.7). Stable words: they stand in the store and are counted in the account.

pub(crate) const TOO_SHORT: &str = "too-short";
pub(crate) const TOO_LONG: &str = "too-long";
pub(crate) const LENGTH: &str = "length";
pub(crate) const LOCAL: &str = "local";
pub(crate) const NO_COUNTRY: &str = "no-country";
pub(crate) const NOT_IN_PLAN: &str = "not-in-plan";
pub(crate) const AMBIGUOUS: &str = "ambiguous";
pub(crate) const NO_PLUS: &str = "no-plus";
pub(crate) const MISPLACED_PLUS: &str = "misplaced-plus";
pub(crate) const NATIONAL: &str = "national";
pub(crate) const FOREIGN: &str = "foreign";
pub(crate) const CONTEXT: &str = "context";
pub(crate) const TWO_NUMBERS: &str = "two-numbers";
pub(crate) const SERVICE_CODE: &str = "service-code";
pub(crate) const LETTERS: &str = "letters";
pub(crate) const CHARACTERS: &str = "characters";
pub(crate) const SPREADSHEET_ERROR: &str = "spreadsheet-error";
pub(crate) const DIGITS_LOST: &str = "digits-lost";
pub(crate) const FRACTION: &str = "fraction";
pub(crate) const ROUTING: &str = "routing";

/// Every reason, for the table in the spec.
pub const ALL: &[&str] = &[
    AMBIGUOUS,
    CHARACTERS,
    CONTEXT,
    DIGITS_LOST,
    FOREIGN,
    FRACTION,
    LENGTH,
    LETTERS,
    LOCAL,
    MISPLACED_PLUS,
    NATIONAL,
    NO_COUNTRY,
    NO_PLUS,
    NOT_IN_PLAN,
    ROUTING,
    SERVICE_CODE,
    SPREADSHEET_ERROR,
    TOO_LONG,
    TOO_SHORT,
    TWO_NUMBERS,
];
