import HTTPTypes

/// The query of a request, decoded; a name may come more than once.
package struct QueryParameters: Sendable, Equatable {
    private let pairs: [(name: String, value: String)]

    /// Decodes `a=1&b=2`; throws 400 for a broken percent-encoding or text that is not UTF-8.
    package init(_ query: some StringProtocol) throws(APIError) {
        var pairs: [(name: String, value: String)] = []
        for part in query.split(separator: "&") {
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = sides.count == 2 ? try Self.decode(sides[1], plus: " ") : ""
            pairs.append((try Self.decode(sides[0], plus: " "), value))
        }
        self.pairs = pairs
    }

    /// The last value given for a name, as most servers take it.
    package subscript(_ name: String) -> String? { pairs.last { $0.name == name }?.value }

    /// 400 for a name that is none of these, and for one that comes twice.
    package func require(only known: [String]) throws(APIError) {
        var seen: Set<String> = []
        for (name, _) in pairs {
            let shown = String(name.prefix(Self.shownMax))
            guard known.contains(name) else {
                let all = known.isEmpty ? "no parameters" : "no parameters but \(known.joined(separator: ", "))"
                throw APIError(.badRequest, "\(shown) is not known here, and nothing was done: there are \(all)")
            }
            guard seen.insert(name).inserted else {
                throw APIError(.badRequest, "\(shown) is given twice; nothing was done")
            }
        }
    }

    /// Characters of a name that an answer repeats.
    private static let shownMax = 64

    /// All values of a list, which come as `a=1,2`, as `a=1&a=2`, or both; nothing when the name is absent.
    package func list(_ name: String) -> [String]? {
        let values = pairs.filter { $0.name == name }
        guard !values.isEmpty else { return nil }
        return values.flatMap { $0.value.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
    }

    /// A whole number within bounds; 400 otherwise.
    package func number(_ name: String, in bounds: ClosedRange<Int>, default standard: Int) throws(APIError) -> Int {
        guard let text = self[name] else { return standard }
        guard let number = Int(text), bounds.contains(number) else {
            throw APIError(
                .badRequest, "\(name) must be a whole number from \(bounds.lowerBound) to \(bounds.upperBound)")
        }
        return number
    }

    /// A truth value in any of the spellings of the Management API; 400 otherwise.
    package func flag(_ name: String, default standard: Bool) throws(APIError) -> Bool {
        guard let text = self[name]?.lowercased() else { return standard }
        if ["true", "1", "yes", "on", "y", "enabled"].contains(text) { return true }
        if ["false", "0", "no", "off", "n", "disabled"].contains(text) { return false }
        throw APIError(.badRequest, "\(name) must be true or false")
    }

    package static func == (left: QueryParameters, right: QueryParameters) -> Bool {
        left.pairs.elementsEqual(right.pairs, by: ==)
    }

    /// One part of a path: a plus sign stands for itself, and `&`, `=` and `?` separate nothing.
    package static func decode(pathPart text: some StringProtocol) throws(APIError) -> String {
        try decode(text, plus: "+")
    }

    private static func decode(
        _ text: some StringProtocol, plus: Unicode.Scalar
    ) throws(APIError) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8.makeIterator()
        while let byte = rest.next() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: plus))
            case UInt8(ascii: "%"):
                guard let high = rest.next().flatMap(digit), let low = rest.next().flatMap(digit) else {
                    throw APIError(.badRequest, "the address holds a % that is not followed by two hexadecimal digits")
                }
                bytes.append(high << 4 | low)
            default: bytes.append(byte)
            }
        }
        guard let decoded = String(validating: bytes, as: UTF8.self) else {
            throw APIError(.badRequest, "the address is not UTF-8")
        }
        return decoded
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        Character(Unicode.Scalar(byte)).hexDigitValue.map(UInt8.init)
    }
}
