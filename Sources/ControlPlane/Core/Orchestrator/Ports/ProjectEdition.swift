/// Names one state of all projects and their leases together. Every stored change gives them another generation, so
/// equal queries in the same generation have equal results. Generations have no order: two of them show only whether
/// data has changed.
public struct ProjectEdition: Sendable, Hashable {
    /// The name; means something to the store alone.
    public let text: String

    public init(_ text: String) { self.text = text }
}
