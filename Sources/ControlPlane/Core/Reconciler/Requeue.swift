public import ProjectModel

/// When the next pass over a project is due. A wakeup before that leads to a pass at once.
public enum Requeue: Sendable, Equatable {
    /// Time alone changes nothing.
    case whenWoken
    case now
    case at(Timestamp)

    /// At a time, where there is one.
    package init(_ time: Timestamp?) { self = time.map(Requeue.at) ?? .whenWoken }
}
