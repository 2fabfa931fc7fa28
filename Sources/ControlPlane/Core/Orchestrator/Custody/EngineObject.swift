public import Reconciler

/// The kinds of the engine's objects.
public enum EngineObjectKind: String, Sendable, CaseIterable, Comparable {
    case container, network, volume

    /// By name.
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// Which object of the engine.
public struct EngineObjectKey: Sendable, Hashable, Comparable {
    /// What it is.
    public var kind: EngineObjectKind
    /// The engine's id; of a volume its name, it has no other.
    public var id: String

    public init(_ kind: EngineObjectKind, _ id: String) {
        self.kind = kind
        self.id = id
    }

    /// By kind, then by id.
    public static func < (left: Self, right: Self) -> Bool { (left.kind, left.id) < (right.kind, right.id) }
}

extension ObservedStack {
    /// Every object with its name.
    public var objects: [EngineObjectKey: String] {
        var objects: [EngineObjectKey: String] = [:]
        for container in containers { objects[EngineObjectKey(.container, container.id)] = container.name }
        for network in networks { objects[EngineObjectKey(.network, network.id)] = network.name }
        for volume in volumes { objects[EngineObjectKey(.volume, volume.name)] = volume.name }
        return objects
    }

    /// The same without some volumes.
    public func without(volumes names: Set<String>) -> ObservedStack {
        var copy = self
        copy.volumes.removeAll { names.contains($0.name) }
        return copy
    }
}

extension EngineOperation {
    /// The object that a removal is about.
    var removed: EngineObjectKey? {
        switch self {
        case .removeContainer(let id, _): EngineObjectKey(.container, id)
        case .removeNetwork(let id, _): EngineObjectKey(.network, id)
        case .removeVolume(let name): EngineObjectKey(.volume, name)
        default: nil
        }
    }
}
