/// A text table: aligned columns under a header, two spaces between them, nothing wrapped.
public struct Table: Sendable, Equatable {
    public struct Cell: Sendable, Equatable, ExpressibleByStringInterpolation {
        /// Its text, in one line.
        public let text: String
        /// Its colour.
        public let tint: Style.Tint?

        /// A cell; control characters go.
        public init(_ text: String, _ tint: Style.Tint? = nil) {
            self.text = DisplayText.oneLine(text)
            self.tint = tint
        }

        /// A cell without colour.
        public init(stringLiteral value: String) { self.init(value) }
    }

    /// Fewest columns that are left of the last cell when it is cut.
    static let lastWidthMin = 8

    private let titles: [String]
    private var rows: [[Cell]] = []

    /// A table without rows.
    public init(_ titles: [String]) { self.titles = titles }

    /// Whether there are no rows.
    public var isEmpty: Bool { rows.isEmpty }

    /// Adds a row: missing cells are empty, surplus ones are left out.
    public mutating func add(_ cells: [Cell]) {
        let missing = max(0, titles.count - cells.count)
        rows.append(Array((cells + Array(repeating: Cell(""), count: missing)).prefix(titles.count)))
    }

    /// The table as text, a line feed after every line.
    ///
    /// - Parameter columns: width of the terminal, to which the last column is cut; nil leaves everything whole.
    public func text(columns: Int?, style: Style) -> String {
        let header = titles.map { Cell($0, .strong) }
        let widths = titles.indices.map { column in
            ([header] + rows).map { DisplayText.width($0[column].text) }.max() ?? 0
        }
        let lastWidth = columns.map { columns in
            max(Self.lastWidthMin, columns - widths.dropLast().reduce(0) { $0 + $1 + 2 })
        }
        return ([header] + rows).map { line($0, widths: widths, lastWidth: lastWidth, style: style) + "\n" }.joined()
    }

    private func line(_ cells: [Cell], widths: [Int], lastWidth: Int?, style: Style) -> String {
        let last = cells.lastIndex { !$0.text.isEmpty } ?? 0
        return cells.indices.prefix(last + 1).map { column in
            let cell = cells[column]
            if column == cells.count - 1 {
                let text = lastWidth.map { DisplayText.truncated(cell.text, to: $0) } ?? cell.text
                return style.paint(text, cell.tint)
            }
            // Padding has no colour, and none is needed at the end of a line.
            let padding = column == last ? 0 : widths[column] - DisplayText.width(cell.text)
            return style.paint(cell.text, cell.tint) + String(repeating: " ", count: max(0, padding))
        }.joined(separator: "  ")
    }
}

/// Names and values, a line each, the values in one column.
public struct FieldList: Sendable, Equatable {
    private var fields: [(name: String, cell: Table.Cell)] = []

    public init() {}

    /// Adds a line; none without a value.
    public mutating func add(_ name: String, _ value: String?, tint: Style.Tint? = nil) {
        guard let value, !value.isEmpty else { return }
        fields.append((name, Table.Cell(value, tint)))
    }

    /// The list as text, a line feed after every line.
    public func text(style: Style) -> String {
        let width = fields.map { DisplayText.width($0.name) }.max() ?? 0
        return fields.map { field in
            style.paint(DisplayText.padded(field.name, to: width), .faint) + "  "
                + style.paint(field.cell.text, field.cell.tint) + "\n"
        }.joined()
    }

    /// Two lists are equal when they print the same.
    public static func == (left: FieldList, right: FieldList) -> Bool {
        left.fields.map(\.name) == right.fields.map(\.name) && left.fields.map(\.cell) == right.fields.map(\.cell)
    }
}
