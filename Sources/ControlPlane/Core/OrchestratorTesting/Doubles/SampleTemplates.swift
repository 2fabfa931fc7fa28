import ProjectModel
import Reconciler

/// Templates for tests.
public enum SampleTemplates {
    /// Four services in three levels.
    public static let small = [
        TemplateService(.db, portVariable: "DB_PORT", volume: "db-data"),
        TemplateService(.auth, dependencies: [Dependency(on: .db)]),
        TemplateService(.rest, dependencies: [Dependency(on: .db)]),
        TemplateService(
            .gateway, dependencies: [Dependency(on: .auth), Dependency(on: .rest, .started)],
            portVariable: "GATEWAY_PORT"),
    ]

    /// A database, and services that use one setting or secret each.
    public static let configurable = [
        using(["POSTGRES_PASSWORD", "POSTGRES_SHARED_BUFFERS"], database),
        using(
            ["SITE_URL", "SMTP_PASS", "JWT_SECRET"], TemplateService(.auth, dependencies: [Dependency(on: .db)])),
        using(["PGRST_DB_MAX_ROWS"], TemplateService(.rest, dependencies: [Dependency(on: .db)])),
        using([], functionSecrets: true, TemplateService(.functions)),
        TemplateService(.gateway, portVariable: "GATEWAY_PORT"),
    ]

    /// A database whose container has 8 GB.
    private static let database = {
        var database = TemplateService(
            .db, portVariable: "DB_PORT", volume: "db-data")
        database.memoryBytes = 8_589_934_592
        return database
    }()

    private static func using(
        _ variables: Set<String>, functionSecrets: Bool = false, _ service: TemplateService
    ) -> TemplateService {
        var service = service
        service.variables = variables
        service.takesFunctionSecrets = functionSecrets
        return service
    }

    /// Twelve services that depend on each other as those of a Supabase stack do, one of them optional.
    public static let twelve = [
        TemplateService(.vector, isOptional: true),
        TemplateService(
            .db, dependencies: [Dependency(on: .vector, .started)], portVariable: "DB_PORT", volume: "db-data"),
        TemplateService(.imgproxy, volume: "storage-data"),
        TemplateService(.analytics, dependencies: [Dependency(on: .db)]),
        TemplateService(.auth, dependencies: [Dependency(on: .db)]),
        TemplateService(.rest, dependencies: [Dependency(on: .db)]),
        TemplateService(.realtime, dependencies: [Dependency(on: .db)]),
        TemplateService(.meta, dependencies: [Dependency(on: .db)]),
        TemplateService(
            .storage,
            dependencies: [Dependency(on: .db), Dependency(on: .rest, .started), Dependency(on: .imgproxy, .started)],
            volume: "storage-data"),
        TemplateService(.functions, dependencies: [Dependency(on: .db)], volume: "functions"),
        TemplateService(.studio, dependencies: [Dependency(on: .meta)]),
        TemplateService(
            .gateway, dependencies: [Dependency(on: .auth, .started), Dependency(on: .studio, .started)],
            portVariable: "GATEWAY_PORT"),
    ]
}
