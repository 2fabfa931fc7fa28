extension ProgramTests {
    static let receiptBody = """
        {"ref": "\(Sample.refText)", "name": "shop", "status": "REMOVED", "destroys_volumes": false,
        "requested_at": "2026-01-01T00:00:00Z", "ended_at": "2026-01-01T00:00:09Z",
        "destroyed": [{"kind": "container", "id": "0123456789abcdef", "name": "shop-db-1",
            "at": "2026-01-01T00:00:05Z", "reason": null}],
        "kept": [{"kind": "volume", "id": "shop_data", "name": "shop_data", "at": "2026-01-01T00:00:01Z",
            "reason": "on request"}], "remaining": []}
        """
}
