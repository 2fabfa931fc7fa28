/// Names one state of all projects and their leases together. Every change that is stored gives them another edition,
/// so what was read by the same query in the same edition is the same. Editions have no order: two of them tell only
/// whether something has changed.
public struct ProjectEdition: Sendable, Hashable {
    /// The name; means something to the store alone.
    public let text: String

    /// An edition.
    public init(_ text: String) { self.text = text }
}
