use std::fmt::Debug;

use proptest::{collection::vec, prelude::*};

use super::{any::Source, *};
use crate::{
    Command, Event, Floats, NetworkFile, NetworkId, Parcel, ParcelLabel, Recording, Role, WorkbenchCommand,
    WorkbenchEvent, network_file, network_parcel,
};

/// What was sent is what is received, whatever follows.
fn travels<T: Serialize + DeserializeOwned + PartialEq + Debug>(source: &Source) -> Result<(), TestCaseError> {
    let sent = source.draw::<T>();
    let mut bytes = encode(&sent).unwrap();
    bytes.push(7);
    let received = decode::<T>(&bytes);
    prop_assert_eq!(received, Ok(sent));
    Ok(())
}

proptest! {
    #[test]
    fn every_message_is_received_as_it_was_sent(seed: u64) {
        let source = Source::new(seed);
        travels::<Command>(&source)?;
        travels::<Vec<Event>>(&source)?;
        travels::<WorkbenchCommand>(&source)?;
        travels::<Vec<WorkbenchEvent>>(&source)?;
        travels::<Parcel>(&source)?;
        travels::<Recording>(&source)?;
    }

    #[test]
    fn a_parcel_begins_with_its_label(seed: u64) {
        let parcel = Source::new(seed).draw::<Parcel>();
        let label = match &parcel {
            Parcel::EvaluationData(_) => ParcelLabel::EvaluationData,
            Parcel::Network(network) => ParcelLabel::Network { run: network.run, network_id: network.network_id },
            Parcel::FineTune(_) => ParcelLabel::FineTune,
            Parcel::FineTuned(_) => ParcelLabel::FineTuned,
            Parcel::Result(_) => ParcelLabel::Result,
        };
        let mut bytes = encode(&parcel).unwrap();
        if let Parcel::Network(NetworkFile { run, network_id, file }) = &parcel {
            prop_assert_eq!(&network_parcel(*run, *network_id, file.clone()).unwrap(), &bytes);
            prop_assert_eq!(&network_file(&bytes).unwrap(), file);
        }
        bytes.truncate(ParcelLabel::LONGEST);
        prop_assert_eq!(decode(&bytes), Ok(label));
    }

    #[test]
    fn what_is_no_message_is_refused_and_nothing_worse(bytes in vec(any::<u8>(), 0..200)) {
        let _ = decode::<Command>(&bytes);
        let _ = decode::<Vec<Event>>(&bytes);
        let _ = decode::<WorkbenchCommand>(&bytes);
        let _ = decode::<Vec<WorkbenchEvent>>(&bytes);
        let _ = decode::<Parcel>(&bytes);
    }
}

#[test]
fn the_tests_above_draw_every_variant() {
    let source = Source::new(1);
    for _ in 0..12_000 {
        source.draw::<(Command, Event, WorkbenchCommand, WorkbenchEvent, Parcel)>();
    }
    assert_eq!(source.incomplete(), [""; 0]);
}

#[test]
fn the_longest_label_is_short_enough() {
    let network_id = NetworkId { role: Role::Ensemble, index: u8::MAX };
    let label = encode(&ParcelLabel::Network { run: u32::MAX, network_id }).unwrap();
    assert!(label.len() <= ParcelLabel::LONGEST, "{}", label.len());
}

#[test]
fn what_is_skipped_is_not_sent() {
    let network = NetworkFile { run: 0, network_id: NetworkId::STUDENT, file: vec![] };
    assert!(encode(&Event::Network(network.clone())).is_err());
    assert!(encode(&WorkbenchCommand::Network(network)).is_err());
}

/// By hand: the variant, the number (7 bits a byte, the lowest first), the length, the numbers' bytes.
#[test]
fn a_question_takes_as_many_bytes_as_it_needs() {
    let question = Command::Classify { id: 300, inputs: Floats(vec![1.0]) };
    assert_eq!(encode(&question).unwrap(), [9, 0xac, 0x02, 4, 0, 0, 0x80, 0x3f]);
}
