import Orchestrator
import ProjectModel
import Reconciler

/// The PostgreSQL of a stack, in the words of the Management API.
struct DatabaseVersion: Sendable, Equatable {
    /// Version of the image, beginning with PostgreSQL's major version: the Supabase CLI splits it at the first dot.
    let version: String
    /// PostgreSQL's major version.
    let engine: String
    let releaseChannel = "ga"

    /// The version by the tag of the database's image, for example `17.6.1.175`; what stands before the first dot is
    /// PostgreSQL's major version.
    init(_ roles: StackRoles) {
        version = roles.databaseVersion ?? "unknown"
        engine = String(version.prefix { $0 != "." })
    }
}
