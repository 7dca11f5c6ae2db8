//! Files of data sets: collected until they are a whole one, kept once an engine has read them.

use retort_spec::{Command, DataSet, FileData, FileProblem};

use crate::transport::machine::{Effect, Machine};

impl<P: Clone> Machine<P> {
    /// Adds files to those that came before, until they are a whole data set. A file replaces one of its name.
    pub(super) fn collect(&mut self, data: DataSet, files: Vec<FileData>) {
        let mut all = match self.offered.take() {
            Some((name, before)) if name == data => before,
            _ => Vec::new(),
        };
        all.retain(|before| files.iter().all(|file| file.name != before.name));
        all.extend(files);
        self.send(&Command::Files { data, files: all.clone() });
        self.offered = Some((data, all));
    }

    /// A file that cannot be used does not come again with those that follow. Where two files contradict each other
    /// nobody knows which one is meant: the visitor begins anew.
    pub(super) fn withdraw(&mut self, bad: &str, reason: &FileProblem) {
        if let Some((_, files)) = &mut self.offered {
            files.retain(|file| file.name != bad);
        }
        let is_open = matches!(reason.word().0, "same-part" | "label-count");
        self.offered.take_if(|(_, files)| is_open || files.is_empty());
    }

    /// Files that an engine could read are kept, for the next one and for the next visit.
    pub(super) fn files_read(&mut self, data: DataSet) {
        self.timing.untrainable = None;
        if let Some((data, files)) = self.offered.take_if(|(name, _)| *name == data) {
            self.files.retain(|(name, _)| *name != data);
            self.files.push((data, files.clone()));
            self.effects.push(Effect::CacheFiles(data, files));
        }
        self.workbench.forget_examples();
        if self.experiment.data == data {
            self.end_tuner();
            self.send(&Command::Run(self.experiment.clone()));
            self.send_teacher_file();
            self.time();
        }
    }
}
