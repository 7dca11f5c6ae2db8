//! Asking the networks about the drawing while it is drawn: at most once a frame, and not faster than they answer.

use std::rc::Rc;

use gloo_timers::callback::Timeout;
use retort_spec::{Answer, DataSet, Floats};
use yew::prelude::*;

use crate::{
    context::AppContext,
    platform::frame::Frame,
    state::{Action, CustomExample, Source},
};

/// A question is not asked before the last one was answered, or this has passed.
const PATIENCE_MILLIS: u32 = 200;
/// So long the answers about the drawing a moment ago may stand, faded, while newer ones are on their way.
const FADED_MILLIS: u32 = 600;

/// What stands beside the drawing.
pub struct Asked {
    /// Whether the drawing is the example that the page shows.
    pub mine: bool,
    /// What the networks say of it.
    pub answers: Rc<Vec<Answer>>,
    /// Whether these answers are about the drawing a moment ago.
    pub waiting: bool,
    /// Shows the drawing again.
    pub again: Callback<MouseEvent>,
}

/// What a question was about: the revision of the drawing, the engine's data, and whether these are recorded.
type Subject = (u32, Option<DataSet>, bool);

/// Gives the page the drawing whenever its ink changes, and again when other data came while it was shown; not when the
/// visitor inspects something else.
#[hook]
pub fn use_asking(page: &AppContext, input: Option<Floats>, revision: u32) -> Asked {
    let state = &page.state;
    let mine = state.given.as_ref().is_some_and(|given| given.source == Source::Drawing);
    let awaiting = mine && state.answers.is_empty();
    let data = state.data.as_ref().map(|data| data.data).filter(|&data| data == state.experiment.data);
    let subject: Subject = (revision, data, state.recorded);
    let asked = use_mut_ref(|| (0, None, false));
    let was_mine = use_mut_ref(|| false);
    let late = use_state_eq(|| false);
    let last = use_mut_ref(Rc::<Vec<Answer>>::default);

    let ask = {
        let (asked, dispatch) = (asked.clone(), state.dispatcher());
        let given = input.map(|input| CustomExample { source: Source::Drawing, input, label: None });
        move || {
            // Without its data the engine would take the drawing for something else.
            if data.is_none() {
                return;
            }
            asked.replace(subject);
            // An empty sheet takes back the drawing, not what else the visitor inspects.
            if given.is_some() || mine {
                dispatch.dispatch(Action::Give(given.clone()));
            }
        }
    };
    let again = {
        let ask = ask.clone();
        Callback::from(move |_| ask())
    };
    let drawn = state.experiment.data;
    use_effect_with((subject, drawn, mine, awaiting), move |&(subject, _, mine, awaiting)| {
        let was_mine = was_mine.replace(mine);
        let before: Subject = *asked.borrow();
        let mut pending: (Option<Frame>, Option<Timeout>) = (None, None);
        match (before.0 != subject.0, subject.1) {
            (true, Some(_)) if awaiting => pending.1 = Some(Timeout::new(PATIENCE_MILLIS, ask)),
            (true, Some(_)) => pending.0 = Some(Frame::request(ask)),
            (false, Some(_)) if before != subject && was_mine => ask(),
            _ => {}
        }
        move || drop(pending)
    });
    {
        let late = late.clone();
        use_effect_with(awaiting, move |&awaiting| {
            late.set(false);
            let timer = awaiting.then(|| Timeout::new(FADED_MILLIS, move || late.set(true)));
            move || drop(timer)
        });
    }

    let mut last = last.borrow_mut();
    *last = match (mine && data.is_some(), awaiting) {
        (true, false) => state.answers.clone(),
        (true, true) if !*late => last.clone(),
        _ => Rc::default(),
    };
    Asked { mine, answers: last.clone(), waiting: awaiting, again }
}
