import HTTPBounds
import Testing

@Suite("Waiting for the end of a connection")
struct ConnectionWatchTests {
    private enum Step: CaseIterable {
        case wait, waitCancelled, cancel, close
    }

    /// What comes back for each waiter, by its number.
    private func returned(_ steps: [Step]) -> (waiters: Int, returns: [Int: Int]) {
        var state = WatchState<Int>()
        var waiters = 0
        var returns: [Int: Int] = [:]
        for step in steps {
            var waiter: Int?
            switch step {
            case .wait, .waitCancelled:
                waiters += 1
                waiter = state.wait(waiters, isCancelled: step == .waitCancelled)
            case .cancel: waiter = state.cancel()
            case .close: waiter = state.close()
            }
            if let waiter { returns[waiter, default: 0] += 1 }
        }
        return (waiters, returns)
    }

    @Test("in every order of five steps, each waiter is resumed once when the connection is closed at last")
    func everyOrder() {
        var orders: [[Step]] = [[]]
        for _ in 0..<5 { orders = orders.flatMap { order in Step.allCases.map { order + [$0] } } }
        for order in orders {
            let (waiters, returns) = returned(order + [.close])
            let once = Dictionary(uniqueKeysWithValues: (0..<waiters).map { ($0 + 1, 1) })
            #expect(returns == once, "\(order)")
        }
    }

    @Test("cancelling at the moment at which the wait begins ends it once")
    func cancellation() async {
        for round in 0..<20_000 {
            let watch = ConnectionWatch()
            let waiting = Task { await watch.closed() }
            if round % 2 == 0 { await Task.yield() }
            waiting.cancel()
            if round % 3 == 0 { watch.close() }
            await waiting.value
            // A waiter that was left behind would be resumed again.
            watch.close()
        }
    }
}
