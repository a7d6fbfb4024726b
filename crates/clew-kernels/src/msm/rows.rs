//! Points between lanes and memory: one point in a row of words, so that any point can be put in any lane.

use crate::field::Field;
use crate::group::{Addable, Affine, TWICE_D};

/// One point's coordinates as words, five for each coordinate, in whole cache lines.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(crate) struct Row<const LINES: usize>(pub(crate) [[u64; 8]; LINES]);

/// An [`Affine`] point: fifteen words.
pub(super) type AffineRow = Row<2>;

/// An [`Addable`] point: twenty words.
pub(super) type PointRow = Row<3>;

/// A field whose elements move between lanes and rows. Not for secrets: which rows are read depends on the caller.
pub(crate) trait Lanes: Field {
    /// One 64-bit word for each lane.
    type Word: Copy;

    /// Words that are all 0.
    fn no_words() -> Self::Word;

    /// The element of five words.
    fn from_words(words: [Self::Word; 5]) -> Self;

    /// Five words of the element, whatever they mean to `from_words`.
    fn to_words(self) -> [Self::Word; 5];

    /// The words of `WIDTH` rows, word by word.
    fn gather<const LINES: usize>(rows: &[&Row<LINES>]) -> [[Self::Word; 8]; LINES];

    /// The rows of words.
    fn scatter<const LINES: usize>(words: [[Self::Word; 8]; LINES], rows: &mut [Row<LINES>]);
}

/// Element `$index` of the words of rows, written out: vectors do not pass through closures.
macro_rules! element {
    ($field:ident, $words:ident, $index:literal) => {
        $field::from_words([
            $words[($index * 5) / 8][($index * 5) % 8],
            $words[($index * 5 + 1) / 8][($index * 5 + 1) % 8],
            $words[($index * 5 + 2) / 8][($index * 5 + 2) % 8],
            $words[($index * 5 + 3) / 8][($index * 5 + 3) % 8],
            $words[($index * 5 + 4) / 8][($index * 5 + 4) % 8],
        ])
    };
}

/// A point from each row, negated in the lanes whose sign is negative.
#[inline(always)]
pub(super) fn load_affine<F: Lanes>(rows: &[&AffineRow], signs: &[i8]) -> Affine<F> {
    let words = F::gather(rows);
    let (_, negative) = F::digits(signs);
    let sum = element!(F, words, 0);
    let difference = element!(F, words, 1);
    let t: F = element!(F, words, 2);
    Affine {
        sum: F::select(negative, difference, sum),
        difference: F::select(negative, sum, difference),
        t: t.negate_where(negative),
    }
}

/// A point from each row.
#[inline(always)]
pub(super) fn load<F: Lanes>(rows: &[&PointRow]) -> Addable<F> {
    let words = F::gather(rows);
    Addable {
        sum: element!(F, words, 0),
        difference: element!(F, words, 1),
        z: element!(F, words, 2),
        t: element!(F, words, 3),
    }
}

/// Each lane's point to its row.
#[inline(always)]
pub(super) fn store<F: Lanes>(point: Addable<F>, rows: &mut [PointRow]) {
    let none = F::no_words();
    let ([a, b, c, d, e], [f, g, h, i, j]) = (point.sum.to_words(), point.difference.to_words());
    let ([k, l, m, n, o], [p, q, r, s, t]) = (point.z.to_words(), point.t.to_words());
    let words = [
        [a, b, c, d, e, f, g, h],
        [i, j, k, l, m, n, o, p],
        [q, r, s, t, none, none, none, none],
    ];
    F::scatter(words, rows);
}

/// Each lane's point, whose Z is 1, to its row.
#[inline(always)]
pub(super) fn store_affine<F: Lanes>(point: Addable<F>, rows: &mut [AffineRow]) {
    let t = point.t.mul(F::splat(&TWICE_D));
    let ([a, b, c, d, e], [f, g, h, i, j]) = (point.sum.to_words(), point.difference.to_words());
    let [k, l, m, n, o] = t.to_words();
    let words = [
        [a, b, c, d, e, f, g, h],
        [i, j, k, l, m, n, o, F::no_words()],
    ];
    F::scatter(words, rows);
}

/// The identity's row.
#[inline(always)]
pub(super) fn identity_row<F: Lanes>() -> PointRow {
    let mut rows = [Row([[0; 8]; 3]); 8];
    store(Addable::<F>::identity(), &mut rows[..F::WIDTH]);
    rows[0]
}
