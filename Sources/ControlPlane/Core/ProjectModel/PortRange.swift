/// A closed range of TCP ports, written `54320-65535`.
public struct PortRange: Hashable, Sendable, CustomStringConvertible {
    /// First and last port, both included.
    public let bounds: ClosedRange<UInt16>

    /// A range of ports; port 0 is never one of them.
    public init?(_ bounds: ClosedRange<UInt16>) {
        guard bounds.lowerBound > 0 else { return nil }
        self.bounds = bounds
    }

    /// Reads `FIRST-LAST`; two numbers without signs or leading zeros.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let first = UInt16(parts[0]), let last = UInt16(parts[1]), first <= last, first > 0
        else { return nil }
        bounds = first...last
        guard description == String(text) else { return nil }
    }

    /// The text form.
    public var description: String { "\(bounds.lowerBound)-\(bounds.upperBound)" }
}
