/// The slow work on passwords.
public enum PasswordWork: Sendable, Equatable, CaseIterable {
    /// A password is compared: someone signs in.
    case check
    /// A verifier is made: someone signs up or changes a password.
    case make
}

/// Who may wait for work on passwords, and in which lane, as a value.
///
/// The last lane is for checks alone; a check takes the shortest of all lanes, a new verifier the shortest of the others.
/// So sign-ups, which everybody may send, keep nobody from signing in. Of one network a few wait at most, of each kind.
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

    private let waitingMax: Int
    private let perClientMax: Int
    /// Runs in hand by lane: the one that works, and those that wait behind it.
    private(set) var inHand: [Int]
    private var clients: [Waiter: Int] = [:]

    /// An empty queue.
    ///
    /// - Parameters:
    ///   - lanes: Two at least.
    ///   - waitingMax: Runs that wait in each lane.
    ///   - perClientMax: Runs of one kind that one network has in hand.
    init(lanes: Int, waitingMax: Int, perClientMax: Int) {
        inHand = Array(repeating: 0, count: max(2, lanes))
        self.waitingMax = waitingMax
        self.perClientMax = perClientMax
    }

    /// A place for a run; nil when too many wait already.
    mutating func take(_ work: PasswordWork, client: String?) -> Place? {
        let open = work == .make ? inHand.indices.dropLast() : inHand.indices
        let waiter = client.map { Waiter(client: $0, work: work) }
        guard let lane = open.reversed().min(by: { inHand[$0] < inHand[$1] }), inHand[lane] <= waitingMax,
            waiter.map({ clients[$0, default: 0] < perClientMax }) ?? true
        else { return nil }
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
