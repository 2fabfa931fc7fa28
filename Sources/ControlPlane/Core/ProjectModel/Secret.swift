/// A value that must not be seen: it prints `<secret>` however it is printed.
///
/// Interpolation, `String(describing:)`, `String(reflecting:)`, `dump` and a mirror of anything that contains it all
/// show the same placeholder. ``reveal()`` is the only way to the value, and so the one word to search for in an audit.
/// The type is deliberately not `Codable`: code that stores or sends a secret reveals it explicitly.
public struct Secret<Value: Sendable>: Sendable {
    private let value: Value

    /// Hides `value`.
    public init(_ value: Value) {
        self.value = value
    }

    /// The hidden value. Every use is a place where a secret leaves the type system: keep them few.
    public func reveal() -> Value {
        value
    }

    /// Another secret, made from this one without showing either.
    public func map<Other: Sendable>(_ transform: (Value) throws -> Other) rethrows -> Secret<Other> {
        Secret<Other>(try transform(value))
    }
}

extension Secret: Equatable where Value: Equatable {}

extension Secret: Hashable where Value: Hashable {}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Always `<secret>`.
    public var description: String { "<secret>" }

    /// Always `<secret>`.
    public var debugDescription: String { "<secret>" }

    /// A mirror without children, so that `dump` and reflection find nothing.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
