//! Any operations of a stack, and their requests delivered in any order.

use proptest::collection::vec;
use proptest::prelude::*;

use super::{FIRST, Request, SECOND, declared, external_id};
use crate::stack::Stack;

/// The requests of CloudFormation, one after the other.
#[derive(Clone, Debug)]
struct Operation {
    /// The external ID that the template declares; `None` deletes the role.
    desired: Option<&'static str>,
    /// The seconds between the request before and this one.
    after: u64,
    /// Whether Lambda delivers it at once, and after how many seconds Lambda delivers it again.
    delivered: (bool, Vec<u64>),
}

prop_compose! {
    fn any_operation()(
        desired in prop_oneof![Just(None), Just(Some(FIRST)), Just(Some(SECOND)), Just(Some("a-third-external-id-3"))],
        after in 1_u64..400,
        prompt in any::<bool>(),
        again in vec(2_u64..300, 0..=2),
    ) -> Operation {
        Operation { desired, after, delivered: (prompt, again) }
    }
}

/// A delivery: when, and of which request.
type Delivery = (u64, usize);

/// The requests of the operations, and their deliveries in the order of time. The newest request arrives at once.
fn requests_and_deliveries(stack: &Stack, operations: &[Operation]) -> (Vec<Request>, Vec<Delivery>) {
    let (mut requests, mut deliveries) = (Vec::new(), Vec::new());
    let (mut sent, mut before) = (0, None);
    for (index, operation) in operations.iter().enumerate() {
        sent += operation.after;
        let old = before.map(declared);
        let request = match (old, operation.desired) {
            (None, Some(id)) => Request::create(stack, sent, &declared(id)),
            (Some(old), Some(id)) => Request::update(stack, sent, &old, &declared(id)),
            (old, None) => Request::delete(stack, sent, "Auditor", &old.unwrap_or_else(|| declared(FIRST))),
        };
        before = operation.desired;
        requests.push(request);
        let (prompt, again) = &operation.delivered;
        let newest = index + 1 == operations.len();
        deliveries.extend((*prompt || newest).then_some((sent, index)));
        // Within 45 seconds only the role shows that a request is old, and a delete leaves no role.
        let gone = operations.iter().any(|operation| operation.desired.is_none());
        let again = again.iter().filter(|seconds| !gone || **seconds > 45);
        deliveries.extend(again.map(|seconds| (sent + seconds, index)));
    }
    deliveries.sort_unstable();
    (requests, deliveries)
}

/// What CloudFormation reports at this time: the last operation, in progress until its answer.
fn report_at(stack: &Stack, time: u64, operations: &[Operation], answered: &[usize]) {
    let mut sent = 0;
    let mut status = String::new();
    for (index, operation) in operations.iter().enumerate() {
        sent += operation.after;
        if sent <= time {
            let existed = index > 0 && operations[index - 1].desired.is_some();
            let kind = match (existed, operation.desired) {
                (_, None) => "DELETE",
                (true, Some(_)) => "UPDATE",
                (false, Some(_)) => "CREATE",
            };
            let state = if answered.contains(&index) { "COMPLETE" } else { "IN_PROGRESS" };
            status = format!("{kind}_{state}");
        }
    }
    stack.cloudformation.set(&status, "Auditor");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn in_any_order_of_deliveries_the_newest_request_decides(operations in vec(any_operation(), 1..=4)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let stack = Stack::new();
            let (requests, deliveries) = requests_and_deliveries(&stack, &operations);
            let mut answered = Vec::new();
            for (time, index) in deliveries {
                report_at(&stack, time, &operations, &answered);
                requests[index].delivered_after(&stack, time - requests[index].sent).await;
                answered.push(index);
            }
            let newest = operations.last().unwrap().desired.map(str::to_owned);
            let role = stack.account.role("Auditor").map(|_| external_id(&stack));
            prop_assert_eq!(role, newest, "{:?}", operations);
            Ok(())
        })?;
    }
}
