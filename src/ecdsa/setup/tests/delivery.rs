//! Honest parties, and a relay that is not: lost, late, doubled, replayed messages, restarts.

use super::*;

/// All that both parties would find on their disks after a crash.
struct Disks(BTreeMap<PartyId, Vec<u8>>);

impl Disks {
    fn new(net: &mut Net) -> Self {
        Self(net.states.iter_mut().map(|(id, states)| (*id, states.to_bytes().to_vec())).collect())
    }

    /// Stores when a pair came out, before what came with it leaves.
    fn store(&mut self, net: &mut Net, me: PartyId) {
        let bytes = net.states.get_mut(&me).unwrap().to_bytes().to_vec();
        self.0.insert(me, bytes);
    }

    fn restart(&self, net: &mut Net, me: PartyId) {
        let log = net.log_of(me);
        net.sessions.retain(|(of, _), _| *of != me);
        net.states.insert(me, States::from_bytes(&self.0[&me], &*log, 0).unwrap());
    }
}

/// O-22: any one message lost, or everything after it; either side or both restarted at that moment; with
/// and without a setup of before. The next session signs, or the one after it, or a setup is asked for.
#[test]
fn o_22_half_finished_setups_burn_nobody() {
    let crashes: [&[u16]; 4] = [&[], &[2], &[5], &[2, 5]];
    for former in [false, true] {
        for lost in 0..8 {
            for crashed in crashes {
                half_finished(former, lost, crashed);
            }
        }
    }
}

fn half_finished(former: bool, lost: usize, crashed: &[u16]) {
    let mut net = Net::new(&[2, 5]);
    if former {
        net.start_all(1);
        net.run();
    }
    let mut disks = Disks::new(&mut net);
    net.start_all(2);
    let mut count = 0;
    while let Some((to, from, bytes)) = net.queue.pop_front() {
        if count == lost {
            crashed.iter().for_each(|n| disks.restart(&mut net, id(*n)));
        } else {
            net.deliver(to, from, &bytes).unwrap();
            disks.store(&mut net, to);
        }
        count += 1;
    }
    assert!(net.aborts.is_empty());
    let place = (former, lost, crashed);
    let tries = [net.meet(2, 5), net.meet(2, 5)];
    let fine = [Ok(()), Ok(())];
    let set_up = |net: &Net| net.chosen(2, 5).is_ok() && net.chosen(5, 2).is_ok();
    if former {
        assert!(tries[0] == fine || tries[0].contains(&Err(Fault::OtherSetup)), "{place:?} {tries:?}");
        assert_eq!(tries[1], fine, "{place:?}");
    } else if set_up(&net) {
        assert_eq!(tries[1], fine, "{place:?}");
    }
    // Whatever happened: the next setup makes it right.
    if !set_up(&net) {
        net.start_all(3);
        net.run();
        assert!(net.aborts.is_empty());
    }
    assert_eq!(net.meet(2, 5), fine);
    assert_fits(&net.chosen(2, 5).unwrap(), &net.chosen(5, 2).unwrap());
    assert_eq!((net.strikes(2, 5), net.strikes(5, 2)), (0, 0));
}

/// O-22: the last flight is lost: one side has the new setup in use, the other the one before. The first
/// session that shows it ends without a name, the second uses the new one on both sides.
#[test]
fn o_22_first_use_completes_a_pending_setup() {
    let mut net = Net::new(&[2, 5]);
    net.start_all(1);
    net.run();
    let former = *net.chosen(5, 2).unwrap().pair_id();
    net.start_all(2);
    net.run_with(|_, _, bytes| if envelope(&bytes).0.0 == 5 { Vec::new() } else { alloc::vec![bytes] });
    assert_ne!(*net.chosen(2, 5).unwrap().pair_id(), former);
    assert_eq!(*net.chosen(5, 2).unwrap().pair_id(), former);
    assert_eq!(net.meet(2, 5), [Err(Fault::OtherSetup); 2]);
    assert_eq!(net.meet(2, 5), [Ok(()), Ok(())]);
    assert_eq!(net.chosen(5, 2).unwrap().pair_id(), net.chosen(2, 5).unwrap().pair_id());
    assert_eq!(net.sessions[&(id(5), id(2))].awaiting(), [id(2)]);
}

/// O-21: everything of a former setup, replayed into a retry under the same label, by either order.
#[test]
fn o_21_replays_of_a_former_setup() {
    let mut net = Net::new(&[2, 5]);
    net.start_all(1);
    net.run();
    let former = *net.chosen(2, 5).unwrap().pair_id();
    let old = net.log.clone();
    // The relay delivers the old messages first: the sessions hang, nobody is named.
    net.start_all(1);
    let fresh: Vec<_> = net.queue.drain(..).collect();
    for (to, from, bytes) in old.iter().cloned().chain(fresh) {
        let _ = net.deliver(to, from, &bytes);
    }
    net.run();
    assert!(net.aborts.is_empty());
    assert!(net.sessions.values().all(|session| !session.conflicts().is_empty()));
    assert_eq!((net.strikes(2, 5), net.strikes(5, 2)), (0, 0));
    assert_eq!(*net.chosen(2, 5).unwrap().pair_id(), former);
    assert_eq!(net.meet(2, 5), [Ok(()), Ok(())]);
    // The old messages after the new ones: they change nothing.
    net.start_all(1);
    let fresh: Vec<_> = net.queue.drain(..).collect();
    for (to, from, bytes) in fresh.into_iter().chain(old) {
        let _ = net.deliver(to, from, &bytes);
    }
    net.run();
    assert!(net.aborts.is_empty());
    assert_ne!(*net.chosen(2, 5).unwrap().pair_id(), former);
    assert_eq!(net.meet(2, 5), [Ok(()), Ok(())]);
}

/// O-03, O-07: what is of another pair, another label or a third party is foreign; the session lives.
#[test]
fn o_03_foreign_messages_change_nothing() {
    let mut net = Net::new(&[2, 5, 9]);
    net.start_all(1);
    let (mut twin, mut late) = (Net::new(&[2, 5, 9]), Vec::new());
    twin.start_all(2);
    net.run_with(|to, _, bytes| {
        let strangers = twin.log.iter().filter(|(of, ..)| *of == to).map(|(_, _, bytes)| bytes.clone());
        let mut all: Vec<_> = strangers.collect();
        all.extend([bytes.clone(), bytes[1..].to_vec(), bytes.clone()]);
        let mut torn = bytes.clone();
        torn[200] ^= 1;
        late.push(bytes);
        all.push(torn);
        all
    });
    assert!(net.aborts.is_empty());
    for (a, b) in [(2, 5), (2, 9), (5, 9)] {
        assert_eq!(net.meet(a, b), [Ok(()), Ok(())]);
    }
    // Of another pair of the same key and label: signed, and of no use to this one.
    let (to, from, bytes) = net.log.iter().find(|(to, from, _)| (*to, *from) == (id(9), id(2))).unwrap().clone();
    net.start(id(5), &[id(2)], 1).unwrap();
    let refused = net.sessions.get_mut(&(id(5), id(2))).unwrap().receive(&bytes).unwrap_err();
    assert_eq!(refused, Error::Usage(Usage::ForeignMessage));
    assert!(net.deliver(to, from, &bytes).is_ok(), "over");
}

/// Messages in the opposite order and twice: the same pairs.
#[test]
fn any_order_will_do() {
    let mut net = Net::new(&[2, 5, 9]);
    net.start_all(1);
    while let Some((to, from, bytes)) = net.queue.pop_back() {
        let early = net.queue.pop_front();
        let _ = net.deliver(to, from, &bytes);
        let _ = net.deliver(to, from, &bytes);
        net.queue.extend(early);
    }
    assert!(net.aborts.is_empty());
    for (a, b) in [(2, 5), (2, 9), (5, 9)] {
        assert_fits(&net.chosen(a, b).unwrap(), &net.chosen(b, a).unwrap());
    }
}
