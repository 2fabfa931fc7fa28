/// An image that a stack's services run from.
public struct StackImage: Hashable, Comparable, Sendable {
    /// The name under which the engine has it.
    public let name: String
    /// Whether it is pulled where the engine does not have it; else it is made on the host.
    public let isPulled: Bool

    public init(name: String, isPulled: Bool = true) {
        self.name = name
        self.isPulled = isPulled
    }

    /// Orders by name.
    public static func < (left: StackImage, right: StackImage) -> Bool { left.name < right.name }
}
