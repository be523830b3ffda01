//! Finding what belongs to a text among many, by the nearness of vectors: as `sentence-transformers`' evaluator of information retrieval
//! and `trec_eval` count, where what belongs belongs wholly.

/// So many of the nearest count.
pub const CUT: usize = 10;

/// Where those that belong to a text lie in the order of nearness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The places, from 1, of those among the first [`CUT`], in order.
    places: Vec<usize>,
    /// How many belong to it.
    belonging: usize,
}

impl Found {
    /// `scores`: how near each candidate is; `belonging` and `left_out`: numbers of candidates that belong, at least one, and of those
    /// that count neither way. Of equally near ones the first comes first.
    pub fn of(scores: &[f32], belonging: &[usize], left_out: &[usize]) -> Self {
        let place = |own: usize| {
            let before = |(other, score): (usize, &f32)| *score > scores[own] || *score == scores[own] && other < own;
            let all = scores.iter().enumerate().filter(|found| before(*found)).count();
            let ignored = left_out.iter().filter(|other| before((**other, &scores[**other]))).count();
            1 + all - ignored
        };
        let mut places: Vec<usize> = belonging.iter().map(|own| place(*own)).filter(|place| *place <= CUT).collect();
        places.sort_unstable();
        Found { places, belonging: belonging.len() }
    }

    pub fn places(&self) -> &[usize] {
        &self.places
    }

    /// How many belong to it.
    pub fn belonging(&self) -> usize {
        self.belonging
    }

    /// 1 where the nearest belongs, else 0.
    pub fn accuracy_at_1(&self) -> f64 {
        f64::from(u8::from(self.places.first() == Some(&1)))
    }

    /// 1 by the place of the first that belongs; 0 where there is none.
    pub fn reciprocal_rank(&self) -> f64 {
        self.places.first().map_or(0.0, |place| 1.0 / *place as f64)
    }

    /// The share of those that belong that are there.
    pub fn recall(&self) -> f64 {
        self.places.len() as f64 / self.belonging as f64
    }

    /// The sum of `1 / log2(1 + place)` as a share of the most that it can be.
    pub fn ndcg(&self) -> f64 {
        let gain = |place: usize| 1.0 / (1.0 + place as f64).log2();
        let most: f64 = (1..=self.belonging.min(CUT)).map(gain).sum();
        self.places.iter().map(|place| gain(*place)).sum::<f64>() / most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_without_what_is_left_out() {
        let found = |belonging: &[usize], left_out: &[usize]| Found::of(&[0.1, 0.9, 0.5, 0.5, 0.7], belonging, left_out);
        assert_eq!(found(&[1], &[]).places(), [1]);
        assert_eq!(found(&[0, 3], &[]).places(), [4, 5], "of equally near ones the first comes first");
        assert_eq!(found(&[0, 3], &[1, 2]).places(), [2, 3]);
        let far: Vec<f32> = (0..30).map(|i| -(i as f32)).collect();
        let found = Found::of(&far, &[2, 9, 10], &[]);
        assert_eq!((found.places(), found.belonging()), (&[3, 10][..], 3));
        assert_eq!((found.accuracy_at_1(), found.reciprocal_rank(), found.recall()), (0.0, 1.0 / 3.0, 2.0 / 3.0));
        assert_eq!(Found::of(&far, &[20], &[]).reciprocal_rank(), 0.0);
    }

    /// `InformationRetrievalEvaluator` of sentence-transformers on the same scores: `tests/fixtures/metrics/retrieval.py`.
    #[test]
    fn equal_the_reference() {
        use super::super::references::{check, numbers};
        let file = include_str!("../../../tests/fixtures/metrics/retrieval.json");
        let cases: Vec<serde_json::Value> = serde_json::from_str(file).expect("a fixture");
        assert_eq!(cases.len(), 60);
        for case in cases {
            let rows: Vec<Vec<f32>> = case["scores"]
                .as_array()
                .expect("rows")
                .iter()
                .map(|row| numbers(row).iter().map(|v| *v as f32).collect())
                .collect();
            let belonging: Vec<Vec<usize>> = case["belonging"]
                .as_array()
                .expect("lists")
                .iter()
                .map(|row| numbers(row).iter().map(|v| *v as usize).collect())
                .collect();
            let found: Vec<Found> = rows.iter().zip(&belonging).map(|(row, own)| Found::of(row, own, &[])).collect();
            let mean = |of: fn(&Found) -> f64| found.iter().map(of).sum::<f64>() / found.len() as f64;
            check(&case, "accuracy_at_1", mean(Found::accuracy_at_1), 1e-10);
            check(&case, "mrr_at_10", mean(Found::reciprocal_rank), 1e-10);
            check(&case, "recall_at_10", mean(Found::recall), 1e-10);
            check(&case, "ndcg_at_10", mean(Found::ndcg), 1e-10);
        }
    }
}
