import Identity

/// Who may wait for work on passwords, and in which of two lanes, as a value.
///
/// New verifiers have one lane; checks take the shorter one. So sign-ups, which need no account, do not delay
/// sign-ins. Each network has a few places in the queue for each kind.
struct PasswordQueue: Sendable {
    /// A place in a lane.
    struct Place: Sendable, Equatable {
        let lane: Int
        fileprivate let work: PasswordWork
        fileprivate let client: String?
    }

    private struct Waiter: Hashable {
        let client: String
        let work: PasswordWork
    }

    /// The lane of new verifiers.
    static let makingLane = 0
    static let lanes = 2

    private let waitingMax: Int
    private let perClientMax: Int
    /// Runs in hand by lane: the one that works, and those that wait behind it.
    private(set) var inHand = Array(repeating: 0, count: lanes)
    private var clients: [Waiter: Int] = [:]

    /// An empty queue.
    ///
    /// - Parameters:
    ///   - waitingMax: Runs that wait in each lane.
    ///   - perClientMax: Runs of one kind that one network has in hand.
    init(waitingMax: Int, perClientMax: Int) {
        self.waitingMax = waitingMax
        self.perClientMax = perClientMax
    }

    /// A place for a run; nil when too many wait already.
    mutating func take(_ work: PasswordWork, client: String?) -> Place? {
        let lane = work == .make || inHand[0] < inHand[1] ? Self.makingLane : 1
        let waiter = client.map { Waiter(client: $0, work: work) }
        guard inHand[lane] <= waitingMax, waiter.map({ clients[$0, default: 0] < perClientMax }) ?? true else {
            return nil
        }
        inHand[lane] += 1
        if let waiter { clients[waiter, default: 0] += 1 }
        return Place(lane: lane, work: work, client: client)
    }

    /// The run in a place is done.
    mutating func release(_ place: Place) {
        inHand[place.lane] -= 1
        guard let client = place.client else { return }
        let waiter = Waiter(client: client, work: place.work)
        let left = clients[waiter, default: 1] - 1
        clients[waiter] = left > 0 ? left : nil
    }
}
