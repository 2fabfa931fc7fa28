public import ProjectModel

/// An object of the engine with this installation's label, as lists show it.
public struct EngineObject: Sendable, Equatable {
    /// Which.
    public var key: EngineObjectKey
    /// Its name on the engine.
    public var name: String
    /// Its project label, unchecked.
    public var projectLabel: String

    public init(key: EngineObjectKey, name: String, projectLabel: String) {
        self.key = key
        self.name = name
        self.projectLabel = projectLabel
    }
}

/// An object with this installation's label that belongs to no project of the database.
public struct Orphan: Sendable, Equatable {
    /// Number that it is asked for by; 0 until it is stored.
    public var number: Int64
    public var object: EngineObject
    /// When it was first seen.
    public var firstSeen: Timestamp
    /// Until when it is left alone in any case: a row may be on its way, or a backup about to be restored. Counts while
    /// one manager watches without a break.
    public var graceUntil: Timestamp
    public var state: State
    /// The engine's message when it refused the removal.
    public var refusal: String?

    /// The states of an orphan.
    public enum State: String, Sendable, CaseIterable {
        /// Reported only.
        case reported
        /// Its removal was requested.
        case removing
    }

    public init(
        number: Int64 = 0, object: EngineObject, firstSeen: Timestamp, graceUntil: Timestamp,
        state: State = .reported, refusal: String? = nil
    ) {
        self.number = number
        self.object = object
        self.firstSeen = firstSeen
        self.graceUntil = graceUntil
        self.state = state
        self.refusal = refusal
    }
}

/// What is done with orphans without a decision of an administrator.
public enum OrphanPolicy: String, Sendable, CaseIterable {
    /// They are reported.
    case report
    /// Containers and networks are removed once their grace is over; volumes never are.
    case remove
}

/// The decision of a pass over the orphans.
public struct OrphanDecision: Sendable, Equatable {
    /// Orphans to add to the ledger.
    public var found: [Orphan] = []
    /// Orphans to delete from the ledger: gone, or no longer orphans.
    public var settled: [Orphan] = []
    /// Orphans whose grace begins again, with its new end: they were not observed meanwhile.
    public var renewed: [Orphan] = []
    /// Orphans to remove from the engine, containers before the networks and volumes that they use.
    public var removals: [Orphan] = []

    /// How long an orphan is watched before ``OrphanPolicy/remove`` removes it.
    public static let grace: Duration = .seconds(24 * 3_600)

    /// Decides. Pure.
    ///
    /// - Parameters:
    ///   - seen: Everything on the engine with this installation's label.
    ///   - projects: Refs of all projects of the database, deleted ones too.
    ///   - ledger: The orphans that are known.
    ///   - isWatching: Whether this manager has been watching since its last pass, and the clock was not set.
    public init(
        seen: [EngineObject], projects: Set<String>, ledger: [Orphan], policy: OrphanPolicy, isWatching: Bool = true,
        now: Timestamp
    ) {
        let present = Dictionary(seen.map { ($0.key, $0) }) { first, _ in first }
        let known = Set(ledger.map(\.object.key))
        for object in seen.sorted(by: { $0.key < $1.key })
        where !projects.contains(object.projectLabel) && !known.contains(object.key) {
            found.append(Orphan(object: object, firstSeen: now, graceUntil: now + Self.grace))
        }
        for orphan in ledger.sorted(by: { $0.object.key < $1.object.key }) {
            if let object = present[orphan.object.key], !projects.contains(object.projectLabel) {
                if !isWatching, orphan.state == .reported {
                    var renewal = orphan
                    renewal.graceUntil = now + Self.grace
                    renewed.append(renewal)
                } else if Self.isDue(orphan, policy: policy, now: now) {
                    removals.append(orphan)
                }
            } else {
                settled.append(orphan)
            }
        }
    }

    /// Data is removed on request only, never automatically.
    private static func isDue(_ orphan: Orphan, policy: OrphanPolicy, now: Timestamp) -> Bool {
        if orphan.state == .removing { return true }
        return policy == .remove && orphan.object.key.kind != .volume && now >= orphan.graceUntil
    }
}

/// The engine, as far as orphans are concerned.
public protocol OrphanEngine: Sendable {
    /// Every container, network and volume with this installation's label.
    func belongings() async throws(EngineError) -> [EngineObject]
    /// Removes one object, if it still has this installation's label and the same project label; a missing one counts
    /// as success.
    func remove(_ object: EngineObject) async throws(EngineError)
}

/// The ledger of orphans. Every method is one transaction, or part of the present unit of work.
public protocol OrphanStore: Sendable {
    /// All orphans, by number; ``OrphanLimits/listedMax`` at most.
    func orphans() async throws(StoreError) -> [Orphan]
    /// Adds orphans; known ones are not changed.
    func add(_ orphans: [Orphan]) async throws(StoreError)
    /// Sets the end of the grace period of orphans.
    func renewGrace(of numbers: Set<Int64>, until time: Timestamp) async throws(StoreError)
    /// Strikes orphans off.
    func strike(_ numbers: Set<Int64>) async throws(StoreError)
    /// Requests the removal of an orphan. Nil when there is none with this number.
    func requestRemoval(of number: Int64) async throws(StoreError) -> Orphan?
    /// Notes what the engine said when it refused to remove an orphan.
    func note(refusal: String, of number: Int64) async throws(StoreError)
    /// Those of `refs` that the database has a project for, deleted or not.
    func projects(among refs: Set<String>) async throws(StoreError) -> Set<String>
}

/// Bounds of the ledger.
public enum OrphanLimits {
    /// Most orphans that are checked and listed at once; the others come when these are settled.
    public static let listedMax = 1_000
}
