//! Which tensors of a safetensors file belong to one layer, by their names.

use std::cmp::Ordering;

use super::{
    header::Entry,
    problem::{ReadError, TensorProblem},
};

/// A layer: one weight or two factors, and the bias of the last.
pub struct Chained<'a> {
    /// The name of its first weight, without `weight`.
    pub name: &'a str,
    /// One, or two.
    pub weights: Vec<&'a Entry>,
    /// The bias of its outputs.
    pub bias: Option<&'a Entry>,
}

/// A weight and its bias under one name.
#[derive(Clone, Copy)]
struct Named<'a> {
    name: &'a str,
    weight: &'a Entry,
    bias: Option<&'a Entry>,
}

/// The layers in the order of their names.
///
/// # Errors
/// If a tensor is neither a weight nor a bias, or is there twice, or a bias alone.
pub fn chain<'a>(entries: &[&'a Entry]) -> Result<Vec<Chained<'a>>, ReadError> {
    let mut layers: Vec<Chained<'_>> = Vec::new();
    let mut before: Option<Named<'_>> = None;
    for named in named(entries)? {
        let factors = match before.replace(named) {
            Some(first) if first.bias.is_none() && named.bias.is_some() => are_factors(&first, &named),
            _ => false,
        };
        match layers.last_mut() {
            Some(layer) if factors => {
                layer.weights.push(named.weight);
                layer.bias = named.bias;
            }
            _ => layers.push(Chained { name: named.name, weights: vec![named.weight], bias: named.bias }),
        }
    }
    Ok(layers)
}

/// `layers.3.0` and `layers.3.1` are steps of one layer, and so are `0` and `1` of a sequence that has nothing
/// between; but `fc.0` and `fc.1` may be two layers of a list, whose ReLU nobody wrote down.
fn are_factors(first: &Named<'_>, second: &Named<'_>) -> bool {
    let one_layer = |stem: &&str| {
        let layer = stem.strip_suffix('.').unwrap_or(if stem.is_empty() { "0" } else { "" });
        layer.ends_with(|end: char| end.is_ascii_digit())
    };
    let stem = first.name.strip_suffix('0').filter(one_layer);
    let same = stem.is_some() && stem == second.name.strip_suffix('1');
    same && first.weight.shape.len() == second.weight.shape.len()
}

/// Weights and their biases, in the order of their names, convolutions first.
fn named<'a>(entries: &[&'a Entry]) -> Result<Vec<Named<'a>>, ReadError> {
    let (mut layers, mut biases): (Vec<Named<'_>>, Vec<(&str, &Entry)>) = (Vec::new(), Vec::new());
    for (index, &entry) in entries.iter().enumerate() {
        if entries[..index].iter().any(|other| other.name == entry.name) {
            return Err(TensorProblem::Twice.of(entry));
        }
        let (name, leaf) = entry.name.rsplit_once('.').unwrap_or(("", &entry.name));
        match leaf {
            "weight" => layers.push(Named { name, weight: entry, bias: None }),
            "bias" => biases.push((name, entry)),
            _ => return Err(TensorProblem::Name.of(entry)),
        }
    }
    for (name, bias) in biases {
        match layers.iter_mut().find(|layer| layer.name == name) {
            Some(layer) => layer.bias = Some(bias),
            None => return Err(TensorProblem::NoWeight.of(bias)),
        }
    }
    let rank = |named: &Named<'_>| named.weight.shape.len() != 4;
    Ok(sorted(layers, |a, b| rank(a).cmp(&rank(b)).then_with(|| natural(a.name, b.name))))
}

/// Puts items in order, those that are alike as they were: by insertion, since they are few and the library's way is
/// ten times the code.
pub fn sorted<T>(items: Vec<T>, compare: impl Fn(&T, &T) -> Ordering) -> Vec<T> {
    let mut sorted: Vec<T> = Vec::with_capacity(items.len());
    for item in items {
        let after = sorted.iter().rposition(|other| compare(other, &item).is_le()).map_or(0, |at| at + 1);
        sorted.insert(after, item);
    }
    sorted
}

/// Compares names, and runs of digits in them as numbers.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    loop {
        let (left, right) = (digits(a), digits(b));
        let order = if left > 0 && right > 0 {
            let (x, y) = (significant(&a[..left]), significant(&b[..right]));
            (a, b) = (&a[left..], &b[right..]);
            x.len().cmp(&y.len()).then_with(|| x.cmp(y))
        } else {
            let (Some((x, rest)), Some((y, others))) = (a.split_first(), b.split_first()) else {
                return a.len().cmp(&b.len());
            };
            (a, b) = (rest, others);
            x.cmp(y)
        };
        if order.is_ne() {
            return order;
        }
    }
}

fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

fn significant(digits: &[u8]) -> &[u8] {
    &digits[digits.iter().take_while(|digit| **digit == b'0').count()..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_as_people_do() {
        let mut names = ["b", "fc10", "fc2", "a.10.1", "a.9.20", "a.9.3", "", "a.009.4"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["", "a.9.3", "a.009.4", "a.9.20", "a.10.1", "b", "fc2", "fc10"]);
    }

    #[test]
    fn factors_are_told_from_layers_by_their_names() {
        let entry = |name: &str, shape: &[usize]| Entry {
            name: name.to_owned(),
            dtype: "F32".to_owned(),
            shape: shape.to_vec(),
            offsets: (0, 0),
        };
        for (first, second, layers) in
            [("layers.3.0", "layers.3.1", 1), ("0", "1", 1), ("fc.0", "fc.1", 2), ("0", "2", 2), ("a10", "a11", 2)]
        {
            let [first, weight, bias] =
                [(first, "weight"), (second, "weight"), (second, "bias")].map(|(name, leaf)| format!("{name}.{leaf}"));
            let entries = [entry(&bias, &[3]), entry(&weight, &[3, 2]), entry(&first, &[2, 4])];
            let chain = chain(&entries.each_ref()).unwrap();
            assert_eq!(chain.len(), layers, "{first} {weight}");
            assert_eq!(chain[0].weights[0].name, first);
        }
    }
}
