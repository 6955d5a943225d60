//! What a row has, by the names of its columns.

/// In little room: a review can have 100,000 rows, and a hash table for each of them takes four times as
/// much.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cells<V>(Box<[(&'static str, V)]>);

impl<V> Cells<V> {
    pub(crate) fn get(&self, column: &str) -> Option<&V> {
        self.0.iter().find(|(name, _)| *name == column).map(|(_, value)| value)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &V> {
        self.0.iter().map(|(_, value)| value)
    }
}

impl<V> Default for Cells<V> {
    fn default() -> Self {
        Cells(Box::default())
    }
}

impl<V> FromIterator<(&'static str, V)> for Cells<V> {
    fn from_iter<I: IntoIterator<Item = (&'static str, V)>>(cells: I) -> Self {
        Cells(cells.into_iter().collect())
    }
}
