/// A page in Prometheus' text format (version 0.0.4): base units, `_total` on counters, label values escaped.
package struct PrometheusText {
    /// The `Content-Type` of the format.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// Kinds of families.
    package enum Kind: String, Sendable {
        case counter, gauge, histogram
    }

    /// One line of a family.
    package struct Sample: Sendable {
        package var labels: [(name: String, value: String)] = []
        package let value: Double
        /// `_bucket`, `_sum` or `_count` of a histogram.
        package var suffix = ""

        package init(labels: [(name: String, value: String)] = [], value: Double, suffix: String = "") {
            self.labels = labels
            self.value = value
            self.suffix = suffix
        }
    }

    /// Samples of one name.
    package struct Family: Sendable {
        package let name: String
        package let kind: Kind
        package let help: String
        package let samples: [Sample]

        package init(_ name: String, _ kind: Kind, help: String, samples: [Sample]) {
            (self.name, self.kind, self.help, self.samples) = (name, kind, help, samples)
        }
    }

    package private(set) var text = ""

    package init() {}

    /// Adds a family; one without samples is left out.
    package mutating func add(_ name: String, _ kind: Kind, help: String, samples: [Sample]) {
        guard !samples.isEmpty else { return }
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
        for sample in samples {
            text += "\(name)\(sample.suffix)\(Self.labels(sample.labels)) \(Self.number(sample.value))\n"
        }
    }

    /// Adds a family; one without samples is left out.
    package mutating func add(_ family: Family) {
        add(family.name, family.kind, help: family.help, samples: family.samples)
    }

    /// Adds a family of one value.
    package mutating func add(_ name: String, _ kind: Kind, help: String, value: Double) {
        add(name, kind, help: help, samples: [Sample(value: value)])
    }

    /// The samples of a histogram with one set of labels.
    ///
    /// - Parameter counts: for each bound how many values are at most as large.
    package static func histogram(
        labels: [(name: String, value: String)], bounds: [Double], counts: [Int64], count: Int64, sum: Double
    ) -> [Sample] {
        zip(bounds + [.infinity], counts + [count]).map { bound, count in
            Sample(labels: labels + [("le", number(bound))], value: Double(count), suffix: "_bucket")
        } + [
            Sample(labels: labels, value: sum, suffix: "_sum"),
            Sample(labels: labels, value: Double(count), suffix: "_count"),
        ]
    }

    private static func labels(_ labels: [(name: String, value: String)]) -> String {
        guard !labels.isEmpty else { return "" }
        return "{\(labels.map { "\($0.name)=\"\(escaped($0.value))\"" }.joined(separator: ","))}"
    }

    private static func escaped(_ value: String) -> String {
        var escaped = ""
        for character in value.unicodeScalars {
            switch character {
            case "\\": escaped += "\\\\"
            case "\"": escaped += "\\\""
            case "\n": escaped += "\\n"
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }

    /// Whole numbers without a fraction.
    package static func number(_ value: Double) -> String {
        if value == .infinity { return "+Inf" }
        return Int64(exactly: value).map(String.init) ?? "\(value)"
    }
}
