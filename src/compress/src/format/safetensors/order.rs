//! The order of a network's layers: what their shapes allow, then what their names say, then how the file lists them.

use std::cmp::Ordering;

/// What decides where a layer may stand.
pub struct Ordered<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its place in the file.
    pub place: usize,
    /// Channels of its image, for a convolution.
    pub channels: Option<usize>,
    /// Inputs of a matrix.
    pub inputs: usize,
    /// Outputs, or channels of the image that a convolution gives.
    pub outputs: usize,
}

/// An order of layers.
#[derive(Debug, PartialEq, Eq)]
pub struct Order {
    /// Which layer stands where.
    pub layers: Vec<usize>,
    /// Whether neither shapes nor names tell it from another order.
    pub is_open: bool,
}

/// More layers than any network here has; they keep the order in which they are given.
const MOST_LAYERS: usize = 64;
/// Places that are tried before the order counts as open.
const MOST_TRIALS: usize = 20_000;

/// Words by which layers are called, from the input's to the output's. Words of one line say nothing of each other.
const ROLES: [&[&str]; 5] = [
    &["in", "input", "inputs", "stem", "embed", "embedding"],
    &["features", "feature", "encoder", "backbone", "body", "trunk", "hidden", "middle"],
    &["neck", "bottleneck"],
    &["decoder"],
    &["out", "output", "outputs", "head", "classifier", "last", "logits", "final"],
];
/// Numbers and ordinals as words.
const NUMBERS: [[&str; 2]; 13] = [
    ["zero", "zeroth"],
    ["one", "first"],
    ["two", "second"],
    ["three", "third"],
    ["four", "fourth"],
    ["five", "fifth"],
    ["six", "sixth"],
    ["seven", "seventh"],
    ["eight", "eighth"],
    ["nine", "ninth"],
    ["ten", "tenth"],
    ["eleven", "eleventh"],
    ["twelve", "twelfth"],
];

/// The order of these layers, which are given in the order of their names.
pub fn order(layers: &[Ordered<'_>]) -> Order {
    let given = Order { layers: (0..layers.len()).collect(), is_open: false };
    if layers.len() > MOST_LAYERS {
        return given;
    }
    let mut all = Search::new(layers, &|_, _| false);
    all.run();
    match all.found {
        // Nothing fits; the layer where it breaks is named by whoever asks for the shapes.
        0 => given,
        1 => Order { layers: all.first, is_open: false },
        _ => {
            let before = |a: usize, b: usize| by_name(layers[a].name, layers[b].name) == Some(Ordering::Less);
            let mut named = Search::new(layers, &before);
            named.run();
            match named.found {
                0 => Order { layers: all.first, is_open: true },
                found => Order { layers: named.first, is_open: found > 1 },
            }
        }
    }
}

/// Goes through the orders that the shapes allow, those first that are nearest to the file's.
struct Search<'a> {
    layers: &'a [Ordered<'a>],
    /// Whether a layer must stand before another one.
    before: &'a dyn Fn(usize, usize) -> bool,
    /// Layers in the order of the file.
    candidates: Vec<usize>,
    taken: Vec<usize>,
    first: Vec<usize>,
    /// How many orders there are, counted to two.
    found: usize,
    trials: usize,
}

impl<'a> Search<'a> {
    fn new(layers: &'a [Ordered<'a>], before: &'a dyn Fn(usize, usize) -> bool) -> Self {
        let candidates = super::sequential::sorted((0..layers.len()).collect(), |&a: &usize, &b: &usize| {
            layers[a].place.cmp(&layers[b].place)
        });
        Self { layers, before, candidates, taken: Vec::new(), first: Vec::new(), found: 0, trials: 0 }
    }

    fn run(&mut self) {
        if self.taken.len() == self.layers.len() {
            self.found += 1;
            if self.found == 1 {
                self.first = self.taken.clone();
            }
            return;
        }
        for next in self.candidates.clone() {
            self.trials += 1;
            if self.found > 1 || self.trials > MOST_TRIALS {
                // What was not tried may fit as well.
                self.found = if self.found == 1 { 2 } else { self.found };
                return;
            }
            let is_free = |layer: &usize| !self.taken.contains(layer);
            let must_wait = || self.candidates.iter().filter(|at| is_free(at)).any(|&at| (self.before)(at, next));
            if is_free(&next) && self.fits(next) && !must_wait() {
                self.taken.push(next);
                self.run();
                self.taken.pop();
            }
        }
    }

    /// Whether a layer can follow those that are taken.
    fn fits(&self, next: usize) -> bool {
        let next = &self.layers[next];
        let Some(&last) = self.taken.last() else {
            // Convolutions stand first, and images have one channel.
            return next.channels == Some(1) || self.layers.iter().all(|layer| layer.channels.is_none());
        };
        let last = &self.layers[last];
        match (last.channels, next.channels) {
            (_, Some(channels)) => {
                // One that sees every channel alone has as many outputs.
                let fits = channels == last.outputs || (channels == 1 && next.outputs == last.outputs);
                last.channels.is_some() && fits
            }
            (None, None) => next.inputs == last.outputs,
            (Some(_), None) => {
                let places = next.inputs / last.outputs.max(1);
                places * last.outputs == next.inputs && places.isqrt().pow(2) == places
            }
        }
    }
}

/// Which of two names is the earlier layer's, where they tell.
fn by_name(a: &str, b: &str) -> Option<Ordering> {
    let (a, b) = (words(a), words(b));
    for (a, b) in a.iter().zip(&b) {
        if a == b {
            continue;
        }
        let numbers = (number(a), number(b));
        if let (Some(a), Some(b)) = numbers {
            return Some(a.cmp(&b));
        }
        let role = |word: &str| ROLES.iter().position(|words| words.contains(&word));
        return match (role(a), role(b)) {
            (Some(a), Some(b)) if a != b => Some(a.cmp(&b)),
            // An output stands behind all others and an input before them, whatever they are called.
            (Some(0), None) => Some(Ordering::Less),
            (None, Some(0)) => Some(Ordering::Greater),
            (Some(role), None) if role + 1 == ROLES.len() => Some(Ordering::Greater),
            (None, Some(role)) if role + 1 == ROLES.len() => Some(Ordering::Less),
            _ => None,
        };
    }
    Some(a.len().cmp(&b.len())).filter(|order| order.is_ne())
}

/// The words and numbers of a name, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = ' ';
    for character in name.chars() {
        let kind = |c: char| (c.is_ascii_digit(), c.is_alphabetic());
        if kind(character) != (false, false) {
            match words.last_mut() {
                Some(word) if kind(before) == kind(character) => word.push(character.to_ascii_lowercase()),
                _ => words.push(character.to_ascii_lowercase().into()),
            }
        }
        before = character;
    }
    words
}

/// A number in digits or as a word, by its length without zeros in front and its digits.
fn number(word: &str) -> Option<(usize, String)> {
    let spelled = NUMBERS.iter().position(|words| words.contains(&word)).map(|number| number.to_string());
    let digits = spelled.or_else(|| word.starts_with(|c: char| c.is_ascii_digit()).then(|| word.to_owned()))?;
    let significant = digits.trim_start_matches('0').to_owned();
    Some((significant.len(), significant))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names in the order that is found, of layers given by name, inputs and outputs; whether it is open.
    fn found(layers: &[(&'static str, usize, usize)]) -> (Vec<&'static str>, bool) {
        let ordered: Vec<Ordered<'_>> = layers
            .iter()
            .enumerate()
            .map(|(place, &(name, inputs, outputs))| Ordered { name, place, channels: None, inputs, outputs })
            .collect();
        let Order { layers: at, is_open } = order(&ordered);
        (at.into_iter().map(|at| layers[at].0).collect(), is_open)
    }

    #[test]
    fn shapes_settle_the_order_where_they_allow_one() {
        let layers = [("z", 3, 2), ("m", 5, 3), ("a", 4, 5)];
        assert_eq!(found(&layers), (vec!["a", "m", "z"], false));
        // Against their names, too.
        assert_eq!(found(&[("fc1", 5, 3), ("fc2", 4, 5)]), (vec!["fc2", "fc1"], false));
    }

    #[test]
    fn names_settle_what_shapes_leave_open() {
        // Each of these fits in three orders: 2-5-3-2, 5-3-2-5 and 3-2-5-3.
        for names in [
            ["fc1", "fc2", "fc3"],
            ["stem", "body", "head"],
            ["input", "hidden", "output"],
            ["features.0", "features.3", "classifier"],
            ["encoder.0", "encoder.2", "decoder.0"],
            ["Layer_One", "Layer_Two", "Layer_Three"],
            ["first", "second", "third"],
            ["fc9", "fc10", "fc11"],
            ["hidden", "hidden2", "hidden3"],
            ["a", "b", "out"],
        ] {
            let [first, second, third] = names;
            let layers = [(third, 3, 2), (second, 5, 3), (first, 2, 5)];
            assert_eq!(found(&layers), (names.to_vec(), false), "{names:?}");
        }
        let equal = [("layer_one", 2, 5), ("layer_three", 5, 5), ("layer_two", 5, 5), ("output", 5, 2)];
        assert_eq!(found(&equal), (vec!["layer_one", "layer_two", "layer_three", "output"], false));
        let many: Vec<(&str, usize, usize)> =
            ["h12", "h11", "h10", "h9", "h8", "h7", "h6", "h5", "h4", "h3", "h2", "h1"].map(|name| (name, 4, 4)).into();
        let (mut names, is_open) = found(&many);
        names.reverse();
        assert!(names.into_iter().eq(many.iter().map(|layer| layer.0)) && !is_open);
    }

    #[test]
    fn the_file_s_order_stands_where_nothing_else_tells() {
        let layers = [("left", 2, 5), ("tall", 5, 5), ("blue", 5, 5), ("out", 5, 2)];
        assert_eq!(found(&layers), (vec!["left", "tall", "blue", "out"], true));
        let swapped = [("left", 2, 5), ("blue", 5, 5), ("tall", 5, 5), ("out", 5, 2)];
        assert_eq!(found(&swapped), (vec!["left", "blue", "tall", "out"], true));
    }

    #[test]
    fn what_fits_in_no_order_stays_as_it_is_given() {
        assert_eq!(found(&[("a", 2, 3), ("b", 4, 5)]), (vec!["a", "b"], false));
    }

    #[test]
    fn convolutions_come_first_by_their_channels() {
        let conv =
            |name, place, channels, outputs| Ordered { name, place, channels: Some(channels), inputs: 0, outputs };
        let classifier = Ordered { name: "a", place: 0, channels: None, inputs: 8 * 49, outputs: 10 };
        let layers = [classifier, conv("b", 1, 4, 8), conv("c", 2, 1, 4)];
        assert_eq!(order(&layers), Order { layers: vec![2, 1, 0], is_open: false });
    }

    #[test]
    fn an_endless_search_ends() {
        let layers: Vec<Ordered<'_>> = (0..MOST_LAYERS)
            .map(|place| Ordered {
                name: "x",
                place,
                channels: None,
                inputs: 3,
                outputs: 3 + place / (MOST_LAYERS - 1),
            })
            .collect();
        assert!(order(&layers).is_open);
        let mut broken = layers;
        broken[0].inputs = 9;
        assert_eq!(order(&broken).layers.len(), MOST_LAYERS);
    }
}
