public import PostgresKit

extension EmbeddedCluster {
    /// The programs that run it.
    public nonisolated var programs: PostgresPrograms { site.programs }

    /// How to reach a cluster that another process runs, such as the manager beside a tool, and the programs that fit
    /// its data. Whether it answers is not checked.
    public static func besideManager(
        _ configuration: EmbeddedClusterConfiguration
    ) async throws(EmbeddedClusterError) -> (parameters: PostgresConnectionParameters, programs: PostgresPrograms) {
        let site = try await EmbeddedClusterSite.beside(configuration)
        return (site.parameters.with(database: configuration.role), site.programs)
    }
}
