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
