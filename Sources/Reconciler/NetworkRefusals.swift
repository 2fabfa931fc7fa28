/// Removals of networks that the engine has refused in a row because something is connected to them. A value.
///
/// Two things lie behind such a refusal, and the engine's words are the same: somebody has connected a container of
/// their own to the project's network, or the engine has lost count of what is connected, which only its restart
/// mends. Neither is for the manager to end, so a deletion waits for neither.
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

    /// Whether nobody should wait for this network any longer.
    public func isGivenUp(_ id: String) -> Bool { counts[id, default: 0] >= Self.countUntilGivenUp }

    /// What people can do about a network that the engine does not let go.
    public static func advice(network name: String) -> String {
        "disconnect from the network \(name) what is connected to it. If nothing is, the engine has lost count of it: "
            + "restart the engine"
    }
}
