public import ProjectModel

/// The history of projects in the order in which it was written.
public protocol ProjectEventFeed: Sendable {
    /// Events with a higher number than `number`, oldest first; of more than `limit` the newest.
    func events(
        of ref: ProjectRef, after number: Int64, limit: Int
    ) async throws(StoreError) -> [RecordedEvent]
}

/// An event and its place in the history of its project.
public struct RecordedEvent: Sendable, Equatable {
    /// Grows with each event of a project; not without gaps.
    public var number: Int64
    /// What happened.
    public var event: ProjectEvent

    /// An event in its place.
    public init(number: Int64, event: ProjectEvent) {
        self.number = number
        self.event = event
    }
}
