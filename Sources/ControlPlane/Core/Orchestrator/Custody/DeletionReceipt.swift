public import ProjectModel
public import Reconciler

/// The fate of every object of a deleted project on the engine. Its first lines are written before any object is
/// removed, so that a crash cannot lose the list of what is to be destroyed. A value: each list of the engine gives the
/// next one.
public struct DeletionReceipt: Sendable, Equatable {
    public var ref: ProjectRef
    /// Whether its volumes go too; they are kept otherwise.
    public var destroysVolumes: Bool
    /// When the deletion was asked for.
    public var requestedAt: Timestamp
    /// When two passes in a row had found nothing left to wait for. A network that the engine cannot remove may remain;
    /// it is destroyed later.
    public var endedAt: Timestamp?
    /// The objects, by kind and id.
    public var items: [Item]

    /// One object.
    public struct Item: Sendable, Equatable {
        /// Which.
        public var key: EngineObjectKey
        /// Its name on the engine.
        public var name: String
        public var state: State
        /// Why it is kept or remains.
        public var reason: String?
        /// When ``state`` was found to be so.
        public var at: Timestamp

        public init(key: EngineObjectKey, name: String, state: State, reason: String? = nil, at: Timestamp) {
            self.key = key
            self.name = name
            self.state = state
            self.reason = reason
            self.at = at
        }
    }

    /// The states of an object.
    public enum State: String, Sendable, CaseIterable {
        /// Seen, and about to be removed.
        case pending
        /// The engine no longer has it.
        case destroyed
        /// A volume that is kept on request.
        case kept
        /// The engine refused to remove it; it is tried again.
        case remaining
    }

    /// Why volumes are kept.
    public static let keptOnRequest = "kept on request: attach it to a new project, or destroy it"

    /// A receipt with nothing on it yet.
    public init(
        ref: ProjectRef, destroysVolumes: Bool, requestedAt: Timestamp, endedAt: Timestamp? = nil, items: [Item] = []
    ) {
        self.ref = ref
        self.destroysVolumes = destroysVolumes
        self.requestedAt = requestedAt
        self.endedAt = endedAt
        self.items = items
    }

    /// Volumes that are kept, by name.
    public var keptVolumes: Set<String> { Set(items.filter { $0.state == .kept }.map(\.key.id)) }

    /// The receipt after a pass: what is new is noted, what the engine no longer has is destroyed, and what is
    /// there again after all is pending again.
    ///
    /// - Parameter kept: Names of volumes that are not to be removed.
    public func noting(_ seen: ObservedStack, keeping kept: Set<String>, at time: Timestamp) -> DeletionReceipt {
        let objects = seen.objects
        var next = self
        next.items = items.map { item in
            isKept(item.key, kept) ? item : Self.next(item, isThere: objects[item.key] != nil, at: time)
        }
        let known = Set(items.map(\.key))
        for (key, name) in objects where !known.contains(key) {
            let isKept = isKept(key, kept)
            next.items.append(
                Item(
                    key: key, name: name, state: isKept ? .kept : .pending,
                    reason: isKept ? Self.keptOnRequest : nil, at: time))
        }
        next.items.sort { $0.key < $1.key }
        return next
    }

    private func isKept(_ key: EngineObjectKey, _ kept: Set<String>) -> Bool {
        key.kind == .volume && kept.contains(key.id)
    }

    private static func next(_ item: Item, isThere: Bool, at time: Timestamp) -> Item {
        switch (item.state, isThere) {
        case (.pending, true), (.remaining, true), (.destroyed, false): item
        case (.kept, true), (.destroyed, true): Item(key: item.key, name: item.name, state: .pending, at: time)
        case (_, false): Item(key: item.key, name: item.name, state: .destroyed, at: time)
        }
    }

    /// The receipt after the engine refused to remove some of it.
    public func noting(refusals: [EngineObjectKey: String], at time: Timestamp) -> DeletionReceipt {
        var next = self
        next.items = items.map { item in
            guard let reason = refusals[item.key], item.state != .remaining || item.reason != reason else {
                return item
            }
            return Item(key: item.key, name: item.name, state: .remaining, reason: reason, at: time)
        }
        return next
    }
}
