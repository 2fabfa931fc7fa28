public import ProjectModel

/// Announcements of changes that requests stored, through any manager.
public protocol ProjectAnnouncements: Sendable {
    /// Announcements until the connection is given up. What was announced before is not repeated: the first element is
    /// always ``ProjectAnnouncement/anything``.
    func announcements() -> AsyncThrowingStream<ProjectAnnouncement, any Error>
}

/// A hint that a project's record has changed. It names the project, not the action.
public enum ProjectAnnouncement: Sendable, Equatable {
    /// Announcements may have been missed: any project may have changed.
    case anything
    /// A project has changed.
    case changed(ProjectRef)
}
