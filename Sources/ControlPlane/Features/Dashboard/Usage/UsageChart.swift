import APIKit
import ProjectModel

/// A line over time as the numbers of an SVG drawing. A gap in the figures is a gap in the line.
struct UsageChart: Sendable, Equatable {
    /// A figure at a time, in seconds since 1970.
    struct Point: Sendable, Equatable {
        let at: Double
        let value: Double
    }

    let title: String
    let points: [Point]
    let start: Double
    let end: Double
    /// Longest time between two figures that one line joins, in seconds.
    let gap: Double
    /// Whether figures are bytes.
    let isBytes: Bool
    /// Writes a figure.
    let label: @Sendable (Double) -> String

    static let width = 640.0
    static let height = 180.0
    /// The drawing's own edges; labels stand outside of it.
    static let (left, right, top, bottom) = (64.0, 632.0, 12.0, 152.0)

    init(
        title: String, points: [Point], start: Double, end: Double, gap: Double, isBytes: Bool = false,
        label: @escaping @Sendable (Double) -> String
    ) {
        (self.title, self.points, self.start, self.end) = (title, points, start, end)
        (self.gap, self.isBytes, self.label) = (gap, isBytes, label)
    }

    static func == (left: UsageChart, right: UsageChart) -> Bool {
        left.title == right.title && left.points == right.points && left.start == right.start && left.end == right.end
    }

    /// The top of the scale: the next of 1, 2, 2.5, 5, 10 times a power of ten.
    static func scale(above value: Double) -> Double {
        guard value > 0, value.isFinite else { return 1 }
        var power = 1.0
        while power * 10 <= value { power *= 10 }
        while power > value { power /= 10 }
        return [1, 2, 2.5, 5, 10].map { $0 * power }.first { $0 >= value } ?? value
    }

    /// The top of a scale of bytes, whose units are 1,024 of the one before.
    static func scaleOfBytes(above bytes: Double) -> Double {
        var unit = 1.0
        while unit * 1_024 <= bytes { unit *= 1_024 }
        return min(scale(above: bytes / unit), 1_024) * unit
    }

    private var maximum: Double {
        let most = points.map(\.value).max() ?? 0
        return isBytes ? Self.scaleOfBytes(above: most) : Self.scale(above: most)
    }

    private func x(_ at: Double) -> Double {
        let span = max(end - start, 1)
        return Self.left + (Self.right - Self.left) * min(max((at - start) / span, 0), 1)
    }

    private func y(_ value: Double) -> Double {
        Self.bottom - (Self.bottom - Self.top) * min(max(value / maximum, 0), 1)
    }

    /// The parts of the line, each without a gap.
    var runs: [[Point]] {
        points.reduce(into: []) { runs, point in
            if let last = runs.last?.last, point.at - last.at <= gap {
                runs[runs.count - 1].append(point)
            } else {
                runs.append([point])
            }
        }
    }

    private func path(_ run: [Point]) -> String {
        // A lone figure is a dot.
        let shown = run.count == 1 ? run + run : run
        return shown.enumerated().map { index, point in
            "\(index == 0 ? "M" : "L")\(Self.short(x(point.at))) \(Self.short(y(point.value)))"
        }.joined()
    }

    private func area(_ run: [Point]) -> String {
        guard let first = run.first, let last = run.last else { return "" }
        return path(run) + "L\(Self.short(x(last.at))) \(Self.short(Self.bottom))"
            + "L\(Self.short(x(first.at))) \(Self.short(Self.bottom))Z"
    }

    private static func short(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(abs(tenths % 10))"
    }

    var fields: PageValue {
        let values = points.map(\.value)
        let average = values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
        let rules = [0, 0.5, 1].map { part -> PageValue in
            let value = maximum * part
            return .object(["y": .text(Self.short(y(value))), "label": .text(label(value))])
        }
        let times = [(0.0, "start"), (0.5, "middle"), (1.0, "end")].map { part, anchor -> PageValue in
            let at = start + (end - start) * part
            return .object([
                "x": .text(Self.short(x(at))), "anchor": .text(anchor),
                "label": .text(Self.time(at, span: end - start)),
            ])
        }
        return .object([
            "title": .text(title), "is_empty": .flag(values.isEmpty), "rules": .list(rules), "times": .list(times),
            "runs": .list(runs.map { .object(["line": .text(path($0)), "area": .text(area($0))]) }),
            "last": .text(values.last.map(label) ?? ""), "average": .text(label(average)),
            "most": .text(label(values.max() ?? 0)),
        ])
    }

    /// A time in UTC: of the day for up to two days, else the date.
    static func time(_ seconds: Double, span: Double) -> String {
        let text = Timestamp(milliseconds: Int64(seconds * 1_000)).rfc3339
        guard text.count >= 16 else { return "" }
        return span <= 2 * 86_400 ? String(text.dropFirst(11).prefix(5)) : String(text.prefix(10))
    }
}
