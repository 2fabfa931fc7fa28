/// Removals of networks that the engine has refused in a row because something is connected to them. A value.
///
/// There are two causes, and the engine reports both alike: a foreign container is connected to the project's network,
/// or the engine has lost count of what is connected, which only its restart repairs. The manager can end neither, so a
/// deletion waits for neither.
public struct NetworkRefusals: Sendable, Equatable {
    /// Refusals in a row after which a network is given up: the project goes without it.
    public static let countUntilGivenUp = 4

    /// How many, by the engine's id of the network.
    private var counts: [String: Int] = [:]

    /// No refusals.
    public init() {}

    /// The engine has refused to remove this network once more.
    public mutating func noteRefusal(of id: String) { counts[id, default: 0] += 1 }

    /// The network is gone, or is refused for another reason.
    public mutating func forget(_ id: String) { counts[id] = nil }

    /// Whether a deletion stops waiting for this network.
    public func isGivenUp(_ id: String) -> Bool { counts[id, default: 0] >= Self.countUntilGivenUp }

    /// Advice to users about a network that the engine cannot remove.
    public static func advice(network name: String) -> String {
        "disconnect from the network \(name) what is connected to it. If nothing is, the engine has lost count of it: "
            + "restart the engine"
    }
}
