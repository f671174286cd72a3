//! Acts of one store that are done together: those that come while others are committed share the next
//! commit. Who comes alone is done at once; where many come, the next commit waits a moment for those who
//! were just answered, since half as many commits of twice the size are quicker for all.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use shared::ids::StoreId;
use tokio::sync::Notify;
use tokio::time::timeout;

/// Most acts that are done together.
pub const TOGETHER_MAX: usize = 64;
/// Most acts of one store that wait for their turn.
pub const WAITING_MAX: usize = 4096;
/// Longest wait for those who were just answered to come again.
const GATHERED_FOR: Duration = Duration::from_millis(1);

/// Acts that wait for their turn, for each store that has somebody who does them.
pub struct Together<A>(Arc<Mutex<HashMap<StoreId, Queue<A>>>>);

/// Acts of one store that wait, first come first.
struct Queue<A> {
    acts: Vec<A>,
    /// So many are waited for.
    gathered: usize,
    are_gathered: Arc<Notify>,
}

/// What somebody who brings an act has to do.
pub enum Brought<A> {
    /// Nobody does acts of this store: whoever brought this one is to, until none is left.
    Lead(Leading<A>),
    /// Somebody else does it.
    Wait,
    /// Too many wait already; it was not taken.
    Full,
}

/// The task of doing a store's acts. Whoever drops it before none is left drops those that wait too, so
/// that nobody waits for somebody who has gone.
pub struct Leading<A> {
    together: Together<A>,
    store: StoreId,
    is_over: bool,
}

impl<A> Default for Together<A> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<A> Clone for Together<A> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<A> Together<A> {
    /// Brings an act.
    pub fn bring(&self, store: &StoreId, act: A) -> Brought<A> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match waiting.get_mut(store) {
            Some(queue) if WAITING_MAX <= queue.acts.len() => Brought::Full,
            Some(queue) => {
                queue.acts.push(act);
                if queue.gathered <= queue.acts.len() {
                    queue.gathered = usize::MAX;
                    queue.are_gathered.notify_one();
                }
                Brought::Wait
            }
            None => {
                let queue = Queue {
                    acts: vec![act],
                    gathered: usize::MAX,
                    are_gathered: Arc::default(),
                };
                waiting.insert(store.clone(), queue);
                Brought::Lead(Leading {
                    together: self.clone(),
                    store: store.clone(),
                    is_over: false,
                })
            }
        }
    }
}

impl<A> Leading<A> {
    /// Takes the acts that came first. Where none is left it is over: the next who brings one leads.
    pub fn take(&mut self) -> Vec<A> {
        let mut waiting = self.lock();
        let Some(Queue { acts, .. }) = waiting.get_mut(&self.store) else {
            return Vec::new();
        };
        let rest = acts.split_off(acts.len().min(TOGETHER_MAX));
        let taken = std::mem::replace(acts, rest);
        let is_over = taken.is_empty();
        if is_over {
            waiting.remove(&self.store);
        }
        drop(waiting);
        self.is_over = is_over;
        taken
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        let waiting = self.lock();
        waiting.get(&self.store).map_or(0, |queue| queue.acts.len())
    }

    /// Waits until so many wait, or as many as are done together, but only for a moment.
    pub async fn gather(&self, acts: usize) {
        let acts = acts.min(TOGETHER_MAX);
        let are_gathered = {
            let mut waiting = self.lock();
            let Some(queue) = waiting.get_mut(&self.store) else {
                return;
            };
            if acts <= queue.acts.len() {
                return;
            }
            queue.gathered = acts;
            // A new one: what was said to the one before may be late.
            queue.are_gathered = Arc::default();
            Arc::clone(&queue.are_gathered)
        };
        let _ = timeout(GATHERED_FOR, are_gathered.notified()).await;
        if let Some(queue) = self.lock().get_mut(&self.store) {
            queue.gathered = usize::MAX;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<StoreId, Queue<A>>> {
        let waiting = self.together.0.lock();
        waiting.unwrap_or_else(PoisonError::into_inner)
    }
}

impl<A> Drop for Leading<A> {
    fn drop(&mut self) {
        if !self.is_over {
            let left = self.lock().remove(&self.store);
            drop(left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lead(brought: Brought<usize>) -> Leading<usize> {
        match brought {
            Brought::Lead(leading) => leading,
            Brought::Wait | Brought::Full => panic!("somebody else leads"),
        }
    }

    #[test]
    fn one_leads_until_none_is_left_and_the_first_come_first() {
        let together = Together::default();
        let store: StoreId = "one".parse().expect("an id");
        let mut first = lead(together.bring(&store, 0));
        for act in 1..=TOGETHER_MAX {
            assert!(matches!(together.bring(&store, act), Brought::Wait));
        }
        assert_eq!(first.take(), (0..TOGETHER_MAX).collect::<Vec<_>>());
        assert_eq!(first.take(), [TOGETHER_MAX]);
        assert!(matches!(together.bring(&store, 7), Brought::Wait));
        assert_eq!(first.take(), [7]);
        assert!(first.take().is_empty());

        let mut second = lead(together.bring(&store, 8));
        drop(first);
        assert_eq!(second.take(), [8], "what is over takes nothing along");
    }

    #[tokio::test]
    async fn those_who_come_again_are_waited_for_but_only_for_a_moment() {
        let together = Together::default();
        let store: StoreId = "one".parse().expect("an id");
        let mut leading = lead(together.bring(&store, 0));
        assert_eq!(leading.take(), [0]);

        let gathering = leading.gather(2);
        let coming = async {
            tokio::task::yield_now().await;
            together.bring(&store, 1);
            together.bring(&store, 2);
        };
        tokio::join!(gathering, coming);
        assert_eq!(leading.waiting(), 2);
        assert_eq!(leading.take(), [1, 2]);

        // Nobody comes: it ends all the same.
        leading.gather(2).await;
        assert!(leading.take().is_empty());
    }

    #[test]
    fn nobody_waits_for_a_leader_that_fell() {
        let together = Together::default();
        let store: StoreId = "one".parse().expect("an id");
        let act = Arc::new(());
        let brought = together.bring(&store, Arc::clone(&act));
        together.bring(&store, Arc::clone(&act));
        drop(brought);
        assert_eq!(Arc::strong_count(&act), 1, "whoever waits hears of it");
        assert!(matches!(together.bring(&store, act), Brought::Lead(_)));
    }

    #[test]
    fn no_more_wait_than_there_is_room_for() {
        let together = Together::default();
        let store: StoreId = "one".parse().expect("an id");
        let _leading = together.bring(&store, 0);
        for act in 1..WAITING_MAX {
            assert!(matches!(together.bring(&store, act), Brought::Wait));
        }
        assert!(matches!(together.bring(&store, 0), Brought::Full));
    }
}
