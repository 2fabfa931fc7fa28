/// A promise of a port that an adapter does not keep.
public struct ContractViolation: Error, Sendable, CustomStringConvertible {
    /// The promise.
    public let description: String

    init(_ description: String) { self.description = description }
}

/// Throws unless the promise is kept.
func promise(_ text: String, _ isKept: Bool) throws {
    if !isKept { throw ContractViolation(text) }
}
