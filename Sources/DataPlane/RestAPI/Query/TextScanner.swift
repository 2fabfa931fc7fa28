/// Reads a query parameter scalar by scalar and remembers what would have been accepted at the furthest position, so
/// that a failure names it (`unexpected "x" expecting "," or end of input`).
struct TextScanner {
    /// The label that stands for the end of the text.
    static let endLabel = "end of input"

    private let scalars: [Unicode.Scalar]
    /// Index of the next scalar.
    var position = 0
    private var furthest = 0
    private var labels: [String] = []

    init(_ text: String) { scalars = Array(text.unicodeScalars) }

    var isAtEnd: Bool { position >= scalars.count }

    /// The next scalar, left in place.
    var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

    /// The scalar `offset` places after the next one.
    func peek(_ offset: Int) -> Unicode.Scalar? {
        let index = position + offset
        return scalars.indices.contains(index) ? scalars[index] : nil
    }

    /// Notes that `label` would have been accepted here.
    mutating func expect(_ label: String) {
        if position > furthest {
            furthest = position
            labels = []
        }
        if position == furthest, !labels.contains(label) { labels.append(label) }
    }

    /// Takes one scalar if it is the next one; notes it as expected otherwise.
    mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        if next == scalar {
            position += 1
            return true
        }
        expect("\"\(scalar)\"")
        return false
    }

    /// Takes a whole word if it comes next.
    mutating func take(word: String) -> Bool {
        let wanted = Array(word.unicodeScalars)
        guard position + wanted.count <= scalars.count,
            zip(scalars[position...], wanted).allSatisfy({ $0 == $1 })
        else { return false }
        position += wanted.count
        return true
    }

    /// Takes scalars as long as `isWanted` holds.
    mutating func take(while isWanted: (Unicode.Scalar) -> Bool) -> String {
        var text = String.UnicodeScalarView()
        while let scalar = next, isWanted(scalar) {
            text.append(scalar)
            position += 1
        }
        return String(text)
    }

    /// Everything that is left.
    mutating func takeRest() -> String { take { _ in true } }

    /// Skips blanks and tabs.
    mutating func skipBlanks() { _ = take { $0 == " " || $0 == "\t" } }

    /// Takes a scalar between optional blanks.
    mutating func takeLexeme(_ scalar: Unicode.Scalar) -> Bool {
        let start = position
        skipBlanks()
        guard take(scalar) else {
            position = start
            return false
        }
        skipBlanks()
        return true
    }

    /// Fails unless the text has ended.
    mutating func requireEnd() throws(ParseFailure) {
        guard isAtEnd else {
            expect(Self.endLabel)
            throw failure
        }
    }

    /// What is wrong at the furthest position that was reached.
    var failure: ParseFailure {
        let found = scalars.indices.contains(furthest) ? scalars[furthest] : nil
        return ParseFailure(column: furthest + 1, found: found, expected: labels)
    }
}

/// Why a query parameter cannot be read.
struct ParseFailure: Error, Equatable {
    /// Column of the first scalar that does not fit, from 1.
    var column: Int
    /// What stands there; nil at the end of the text.
    var found: Unicode.Scalar?
    /// What could have stood there.
    var expected: [String]

    /// The detail line of the error.
    var details: String {
        let list: String
        switch expected.count {
        case 0: return "unexpected \(foundText)"
        case 1: list = expected[0]
        default: list = expected.dropLast().joined(separator: ", ") + " or " + (expected.last ?? "")
        }
        return "unexpected \(foundText) expecting \(list)"
    }

    private var foundText: String {
        guard let found else { return TextScanner.endLabel }
        return expected.contains(TextScanner.endLabel) ? "'\(found)'" : "\"\(found)\""
    }
}
