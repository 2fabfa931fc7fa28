import Orchestrator
import ProjectModel

/// Moves that only the loops make.
enum StatusMoveFixture {
    /// The end of a rollback: the leases are gone, the reason stays.
    static func failed(_ ref: ProjectRef) -> StatusMove {
        StatusMove(
            from: .rollingBack, to: .failed, cause: "nothing is left",
            failure: ProjectFailure(service: ServiceName("db"), message: "db ended with 1", logTail: "no space\nbye"),
            leases: .release, at: SystemTime().now())
    }
}
