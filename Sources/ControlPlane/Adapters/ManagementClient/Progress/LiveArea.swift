/// The lines at the end of a terminal that are drawn again and again. Pure: what to write comes out.
public struct LiveArea: Sendable, Equatable {
    private var height = 0

    /// An area without lines.
    public init() {}

    /// What to write so that these lines stand where the last ones stood.
    ///
    /// - Parameter rows: height of the terminal. More lines than fit would scroll, and could not be drawn over: the
    ///   last ones are left out.
    public mutating func draw(_ lines: [String], rows: Int) -> String {
        let shown = lines.prefix(max(1, rows - 1))
        let top = height > 0 ? "\u{1B}[\(height)A\r" : ""
        height = shown.count
        // Each line is cleared to its end, and what stood below is cleared at last: nothing flickers.
        return top + shown.map { "\($0)\u{1B}[K\n" }.joined() + "\u{1B}[J"
    }
}
