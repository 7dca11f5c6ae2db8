//! What no single knob's range can rule out.

use crate::{experiment::Experiment, pipeline::Pipeline, values::Classes};

impl Experiment {
    /// Resets what no single knob's range can rule out; the keys of the knobs that were put back to their default.
    pub fn sanitize(&mut self) -> Vec<&'static str> {
        let mut sanitized = Vec::new();
        let classes = self.class_count();
        let foreign = self.omitted_classes.iter().any(|class| usize::from(class) >= classes);
        // With fewer than two classes left there is nothing to tell apart.
        if foreign || (!self.omitted_classes.is_empty() && self.omitted_classes.len() + 2 > classes) {
            self.omitted_classes = Classes::default();
            sanitized.push("omit");
        }
        if self.compress.check().is_err() {
            self.compress = Pipeline::default();
            sanitized.push("compress");
        }
        if !self.scheme.fits(self.data) {
            self.scheme = Self::for_data(self.data).scheme;
            sanitized.push("scheme");
        }
        let usual = Self::usual(self.data, self.scheme);
        if !self.offers("transfer", self.transfer.word()) {
            self.transfer = usual.transfer;
            sanitized.push("transfer");
        }
        for (network, usual, key) in
            [(&mut self.teacher, usual.teacher, "teacher"), (&mut self.student, usual.student, "student")]
        {
            if !network.kind.reads(self.data.form()) {
                *network = usual;
                sanitized.push(key);
            }
        }
        let (least, most) = self.scheme.entry().members;
        if !(least..=most).contains(&self.members) {
            self.members = Self::usual(self.data, self.scheme).members;
            sanitized.push("members");
        }
        let plan = self.plan();
        if !plan.weighted().any(|id| id == self.pack) {
            self.pack = plan.product;
            sanitized.push("pack");
        }
        sanitized
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{network_id::NetworkId, scheme_word::Scheme, values::DataSet};

    #[test]
    fn moving_to_other_data_keeps_what_the_visitor_changed() {
        let experiment = Experiment { temperature: 7.0, ..Experiment::default() };
        let moved = experiment.with_data(DataSet::Mnist);
        assert_eq!(moved.temperature, 7.0);
        assert_eq!(moved.teacher, Experiment::for_data(DataSet::Mnist).teacher);
        assert_eq!(moved.with_data(DataSet::Digits8), experiment);
    }

    #[test]
    fn impossible_omissions_are_put_back() {
        let mut experiment = Experiment::for_data(DataSet::Moons);
        experiment.omitted_classes = Classes::new([0]);
        assert_eq!(experiment.sanitize(), ["omit"]);
        let mut digits = Experiment { omitted_classes: Classes::new([3]), ..Experiment::default() };
        assert!(digits.sanitize().is_empty());
        digits.omitted_classes = Classes::new(0..9);
        assert_eq!(digits.sanitize(), ["omit"]);
    }

    #[test]
    fn only_a_network_of_the_plan_with_weights_is_packed() {
        let mut mutual = Experiment { pack: NetworkId::TEACHER, ..Experiment::usual(DataSet::Digits8, Scheme::Mutual) };
        assert_eq!((mutual.sanitize(), mutual.pack), (vec!["pack"], NetworkId::STUDENT));
        mutual.pack = NetworkId::ENSEMBLE;
        assert_eq!(mutual.sanitize(), ["pack"], "an ensemble has no weights");
        let picked = Experiment { pack: NetworkId::TEACHER, ..Experiment::default() };
        assert_eq!(picked.with_scheme(Scheme::Mutual).pack, NetworkId::STUDENT);
        assert_eq!(picked.with_scheme(Scheme::Assistant).pack, NetworkId::TEACHER);
    }

    #[test]
    fn a_scheme_has_as_many_members_as_it_can() {
        let mut one = Experiment { members: 1, ..Experiment::usual(DataSet::Digits8, Scheme::Mutual) };
        assert_eq!(one.sanitize(), ["members"]);
        assert_eq!(one, Experiment::usual(DataSet::Digits8, Scheme::Mutual));
    }
}
