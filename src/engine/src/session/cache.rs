//! Trained networks, known by what decided them: whatever was trained once is found again.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use retort_spec::{
    CurvePoint, Event, Experiment, Measured, NetworkFile, NetworkId, Origin, Plan, PlannedNetwork, Supervision, Terms,
};

use super::{discriminator_curve::DiscriminatorCurve, handed_on::HandedOn};
#[cfg(feature = "graph")]
use crate::objectives::SideMatrices;
use crate::{distill::phase::Pictures, nets::Network};

/// Bytes that trained networks may take, with their files, answers and curves.
const MOST_BYTES: usize = 64 << 20;

/// All that decides a trained network: equal keys, same network.
#[derive(Debug, Clone, PartialEq)]
pub enum NetworkKey {
    /// It was trained here.
    Trained(Box<Decisive>),
    /// It came in a file of this checksum.
    Imported(u32),
}

/// What decides a network that is trained here.
#[derive(Debug, Clone, PartialEq)]
pub struct Decisive {
    /// Seed of the run.
    seed: u32,
    /// The checksum of the data set.
    data: u32,
    /// All that learns beside it, where those share a stream of jittered batches.
    beside: Option<Plan>,
    /// The network without its name: another plan may call it otherwise.
    planned: PlannedNetwork,
    /// What it learns from, without names.
    supervision: Supervision,
    epochs: u32,
    /// All other knobs that decide it.
    experiment: Experiment,
    /// Those that it is made from: whom it imitates, and whose weights it starts with.
    made_from: Vec<NetworkKey>,
}

/// What the keys of a job have in common.
#[derive(Clone, Copy)]
pub struct KeyScope<'a> {
    /// What is trained.
    pub plan: &'a Plan,
    /// The experiment.
    pub experiment: &'a Experiment,
    /// The checksum of its data set.
    pub data: u32,
    /// The checksum of a teacher that came in a file.
    pub imported: Option<u32>,
}

/// The name of a network in a key.
const NOBODY: NetworkId = NetworkId::TEACHER;

/// The key of a network of a run of this seed; `None` for one that is not trained.
pub fn key(scope: KeyScope<'_>, id: NetworkId, seed: u32) -> Option<NetworkKey> {
    let plan = scope.plan;
    if let (Some(checksum), NetworkId::TEACHER) = (scope.imported, id) {
        return Some(NetworkKey::Imported(checksum));
    }
    let (phase, supervision) = plan.supervision(id)?;
    let planned = plan.network(id)?;
    let mut made_from = Vec::new();
    let teachers = supervision.teachers.iter().flat_map(|(teacher, _)| behind(plan, *teacher));
    for teacher in teachers {
        let earlier = plan.supervision(teacher).is_some_and(|(other, _)| other < phase);
        // One that learns beside it is made from it in turn.
        made_from.push(match earlier {
            true => key(scope, teacher, seed)?,
            false => NetworkKey::Trained(Box::new(Decisive { made_from: Vec::new(), ..bare(scope, teacher, seed)? })),
        });
    }
    if let Some(start) = planned.origin.start() {
        made_from.push(key(scope, start, seed)?);
    }
    Some(NetworkKey::Trained(Box::new(Decisive { made_from, ..bare(scope, id, seed)? })))
}

/// The networks that are trained where this one is asked: itself, or those that vote for it.
pub fn behind(plan: &Plan, id: NetworkId) -> Vec<NetworkId> {
    match plan.network(id).map(|network| &network.origin) {
        Some(Origin::Votes(voters)) => voters.clone(),
        _ => vec![id],
    }
}

fn bare(scope: KeyScope<'_>, id: NetworkId, seed: u32) -> Option<Decisive> {
    let KeyScope { plan, experiment, .. } = scope;
    let (phase, supervision) = plan.supervision(id)?;
    let planned = plan.network(id)?.clone();
    let origin = planned.origin.with_start(NOBODY);
    let teachers = supervision.teachers.iter().map(|(_, weight)| (NOBODY, *weight)).collect();
    let shares_jitter = experiment.jitter > 0 && !supervision.as_teacher;
    Some(Decisive {
        seed,
        data: scope.data,
        beside: shares_jitter.then(|| plan.clone()),
        planned: PlannedNetwork { id: NOBODY, origin, ..planned },
        supervision: Supervision { learner: NOBODY, teachers, ..supervision.clone() },
        epochs: plan.phases[phase].epochs,
        experiment: experiment.decisive(supervision),
        made_from: Vec::new(),
    })
}

/// What a scheme's mechanism leaves of a network, for the scheme to show: nothing where it has no mechanism.
#[derive(Clone, Default)]
pub struct Left {
    /// What its exits but the last say of the test set.
    pub exits: Vec<Vec<f32>>,
    /// The layers of those exits.
    #[cfg(feature = "graph")]
    pub exit_layers: SideMatrices,
    /// What a discriminator said of it, where there was one.
    pub discriminator: Option<DiscriminatorCurve>,
    /// What was handed on to it or from it, where it or another learned another data set.
    #[cfg_attr(not(feature = "graph"), allow(dead_code, reason = "the other engine shows it"))]
    pub handed_on: HandedOn,
    /// What it was shown in place of examples.
    pub pictures: Option<Pictures>,
}

impl Left {
    /// Numbers that it keeps, of a test set whose answers are so many.
    fn numbers(&self, answers: usize) -> usize {
        let pictures = self.pictures.as_ref().map_or(0, |pictures| pictures.inputs.len() + pictures.said.len());
        answers * self.exits.len() + self.discriminator.as_ref().map_or(0, DiscriminatorCurve::size) + pictures
    }
}

/// A trained network, with all that was told of it.
#[derive(Clone)]
pub struct TrainedNetwork {
    /// What decided it; `None` where a knob was turned while it trained, so that nothing gives it again.
    pub key: Option<NetworkKey>,
    /// The network; an ensemble has none.
    pub network: Option<Network>,
    /// What was measured of it.
    pub measured: Measured,
    /// Its learning curve.
    pub points: Vec<CurvePoint>,
    /// The terms of its loss.
    pub terms: Vec<Terms>,
    /// Its file.
    pub file: Option<NetworkFile>,
    /// What a scheme's mechanism left of it.
    pub left: Left,
}

impl TrainedNetwork {
    /// Its curve, as a network of this name in this run.
    pub fn curve(&self, run: u32, network_id: NetworkId) -> impl Iterator<Item = Event> + '_ {
        let points = self.points.iter().map(move |point| Event::Point(CurvePoint { run, network_id, ..*point }));
        let terms = self.terms.iter().map(move |terms| Event::Terms(Terms { run, network_id, ..terms.clone() }));
        points.chain(terms)
    }

    /// Bytes that it takes, about.
    fn bytes(&self) -> usize {
        // Whether or not its file is kept, the network takes as much.
        let answers = self.measured.logits.len();
        let answers = answers + self.left.numbers(answers);
        2 * self.measured.bytes as usize + 4 * answers + size_of::<CurvePoint>() * self.points.len()
    }
}

/// Trained networks, known by their keys. Clones are the same cache: sessions on several threads may share one, and
/// then no two of them train the same network.
#[derive(Default, Clone)]
pub struct NetworkCache(Arc<Shared>);

#[derive(Default)]
struct Shared {
    shelf: Mutex<Shelf>,
    /// Told whenever a claim ends.
    released: Condvar,
}

#[derive(Default)]
struct Shelf {
    /// Newest last; the oldest are forgotten where there are too many.
    networks: Vec<Arc<TrainedNetwork>>,
    /// The keys of those that are being trained.
    claimed: Vec<NetworkKey>,
}

impl Shelf {
    fn place(&self, key: &NetworkKey) -> Option<usize> {
        self.networks.iter().position(|network| network.key.as_ref() == Some(key))
    }

    fn bytes(&self) -> usize {
        self.networks.iter().map(|network| network.bytes()).sum()
    }
}

/// One session's claim to train networks. Others that need them wait until it is dropped.
pub struct Claim {
    cache: NetworkCache,
    keys: Vec<NetworkKey>,
}

impl Claim {
    /// Whether all that was to be claimed is here already.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.cache.shelf().claimed.retain(|key| !self.keys.contains(key));
        self.cache.0.released.notify_all();
    }
}

impl NetworkCache {
    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.0.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The network of this key.
    pub fn find(&self, key: &NetworkKey) -> Option<Arc<TrainedNetwork>> {
        let mut shelf = self.shelf();
        let place = shelf.place(key)?;
        // What is used again is the newest.
        let found = shelf.networks.remove(place);
        shelf.networks.push(found.clone());
        Some(found)
    }

    /// Keeps a network that can be found again.
    pub fn keep(&self, network: &Arc<TrainedNetwork>) {
        if network.key.is_none() {
            return;
        }
        let mut shelf = self.shelf();
        shelf.networks.retain(|other| other.key != network.key);
        shelf.networks.push(network.clone());
        while shelf.networks.len() > 1 && shelf.bytes() > MOST_BYTES {
            shelf.networks.remove(0);
        }
    }

    /// Claims those of these networks that are not here; `None` where another session trains one of them.
    pub fn claim(&self, mut keys: Vec<NetworkKey>) -> Option<Claim> {
        let mut shelf = self.shelf();
        keys.retain(|key| shelf.place(key).is_none());
        if keys.iter().any(|key| shelf.claimed.contains(key)) {
            return None;
        }
        shelf.claimed.extend(keys.iter().cloned());
        Some(Claim { cache: self.clone(), keys })
    }

    /// Whether a session has claimed one of these networks.
    pub fn has_claims(&self, mut keys: impl Iterator<Item = NetworkKey>) -> bool {
        let shelf = self.shelf();
        !shelf.claimed.is_empty() && keys.any(|key| shelf.claimed.contains(&key))
    }

    /// Waits until nobody claims any of these networks. Whoever waits has no claim of its own, so that no two wait for
    /// each other.
    pub fn wait(&self, keys: &[NetworkKey]) {
        let is_claimed = |shelf: &mut Shelf| keys.iter().any(|key| shelf.claimed.contains(key));
        drop(self.0.released.wait_while(self.shelf(), is_claimed));
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.shelf().networks.len()
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, thread, time::Duration};

    use super::*;

    #[test]
    fn what_one_claims_the_others_wait_for() {
        let (first, second) = (NetworkKey::Imported(1), NetworkKey::Imported(2));
        let cache = NetworkCache::default();
        let claim = cache.claim(vec![first.clone()]).unwrap();
        let other = cache.clone();
        assert!(other.claim(vec![second.clone(), first.clone()]).is_none());
        // Either all of them are claimed or none is.
        assert!(other.has_claims([first.clone()].into_iter()) && !other.has_claims([second.clone()].into_iter()));
        assert!(!other.claim(vec![second.clone()]).unwrap().is_empty());
        let (sender, receiver) = mpsc::channel();
        let waiting = thread::spawn({
            let first = first.clone();
            move || {
                other.wait(&[second, first.clone()]);
                sender.send(()).unwrap();
                other.claim(vec![first]).is_some()
            }
        });
        assert!(receiver.recv_timeout(Duration::from_millis(50)).is_err(), "it waits");
        drop(claim);
        assert!(waiting.join().unwrap(), "whoever ends without a network leaves it to the next");
        assert!(!cache.has_claims([first].into_iter()));
    }
}
