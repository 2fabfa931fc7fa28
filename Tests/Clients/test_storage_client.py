"""The published Python clients of storage, S3 and TUS, unchanged, against projectd."""

import io
import shutil
import socket
import struct
import tempfile
import time
import unittest
import zlib

import boto3
import boto3.s3.transfer
import botocore.config
import botocore.exceptions
import httpx
import jwt
from storage3 import SyncStorageClient
from storage3.exceptions import StorageApiError
from tusclient.client import TusClient

from test_auth_client import SECRET, plane

SERVICE = jwt.encode({"role": "service_role"}, SECRET, "HS256")
ROLES = "CREATE ROLE anon; CREATE ROLE authenticated; CREATE ROLE service_role BYPASSRLS;"


class StorageClient(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = plane.Cluster()
        cls.addClassCleanup(cls.cluster.remove)
        cls.cluster.sql(ROLES)
        cls.folder = tempfile.mkdtemp(prefix="sm-storage-", dir="/tmp")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.server = plane.Server(cls.cluster, "postgres", {
            "STORAGE_DATABASE_URL": f"postgresql://postgres@127.0.0.1:{cls.cluster.port}/postgres",
            "AUTH_JWT_SECRET": SECRET, "STORAGE_FILE_BACKEND_PATH": cls.folder,
            "S3_PROTOCOL_ACCESS_KEY_ID": "key", "S3_PROTOCOL_ACCESS_KEY_SECRET": "secret",
            "PROJECTD_IMAGE_LIBRARY": plane.vips()}, only="storage")
        cls.addClassCleanup(cls.server.stop)
        cls.url = f"http://127.0.0.1:{cls.server.port}"
        cls.headers = {"Authorization": f"Bearer {SERVICE}"}
        cls.client = SyncStorageClient(cls.url + "/", dict(cls.headers))

    def setUp(self):
        self.bucket = f"bucket-{self.id().rsplit('.', 1)[1][:60]}".replace("_", "-")
        self.client.create_bucket(self.bucket)
        self.objects = self.client.from_(self.bucket)

    def tearDown(self):
        self.client.empty_bucket(self.bucket)
        self.client.delete_bucket(self.bucket)

    def test_upload_download_info(self):
        self.objects.upload("dir/a.txt", b"hello", {"content-type": "text/plain", "cache-control": "3600",
                                                    "metadata": {"custom": "value"}})
        self.assertEqual(self.objects.download("dir/a.txt"), b"hello")
        info = self.objects.info("dir/a.txt")
        self.assertEqual((info["name"], info["content_type"], info["cache_control"]),
                         ("dir/a.txt", "text/plain", "max-age=3600"))
        self.assertEqual(info["metadata"], {"custom": "value"})
        self.assertTrue(self.objects.exists("dir/a.txt"))
        self.assertFalse(self.objects.exists("dir/none"))
        listed = self.objects.list("dir")
        self.assertEqual([(entry["name"], entry["metadata"]["mimetype"]) for entry in listed], [("a.txt", "text/plain")])
        self.objects.update("dir/a.txt", b"other", {"content-type": "text/plain"})
        self.assertEqual(self.objects.download("dir/a.txt"), b"other")

    def test_copy_move_remove(self):
        self.objects.upload("a", b"x")
        self.objects.copy("a", "b")
        self.objects.move("a", "c")
        self.assertEqual(sorted(entry["name"] for entry in self.objects.list()), ["b", "c"])
        self.assertEqual(sorted(entry["name"] for entry in self.objects.remove(["b", "c"])), ["b", "c"])

    def test_signed_addresses(self):
        self.objects.upload("a/b.txt", b"hello")
        url = self.objects.create_signed_url("a/b.txt", 60, {"download": "x.txt"})["signedURL"]
        answer = httpx.get(url)
        self.assertEqual(answer.content, b"hello")
        self.assertEqual(answer.headers["content-disposition"], "attachment; filename=x.txt; filename*=UTF-8''x.txt")
        many = self.objects.create_signed_urls(["a/b.txt", "none"], 60)
        self.assertIsNone(many[0]["error"])
        self.assertIsNotNone(many[1]["error"])
        signed = self.objects.create_signed_upload_url("put.txt")
        self.objects.upload_to_signed_url(signed["path"], signed["token"], b"put")
        self.assertEqual(self.objects.download("put.txt"), b"put")

    def test_images(self):
        """Transformed as the client asks for them: by download, by a public address, and by a signed one."""
        rows = b"".join(b"\0" + bytes(3 * 40) for _ in range(30))

        def chunk(name, data):
            return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

        picture = (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 40, 30, 8, 2, 0, 0, 0))
                   + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
        self.objects.upload("a.png", picture, {"content-type": "image/png"})

        def size(data):
            self.assertEqual(data[:4], b"\x89PNG")
            return struct.unpack(">II", data[16:24])

        transform = {"width": 20, "height": 20, "resize": "contain", "format": "origin", "quality": 80}
        self.assertEqual(size(self.objects.download("a.png", {"transform": transform})), (20, 15))
        url = self.objects.create_signed_url("a.png", 60, {"transform": {**transform, "resize": "fill"}})["signedURL"]
        self.assertIn("/render/image/sign/", url)
        self.assertEqual(size(httpx.get(url).content), (20, 20))
        self.client.update_bucket(self.bucket, {"public": True})
        url = self.objects.get_public_url("a.png", {"transform": {"width": 10, "quality": 80}})
        answer = httpx.get(url, headers={"Accept": "image/avif,image/webp,*/*"})
        self.assertEqual((answer.status_code, answer.headers["content-type"]), (200, "image/webp"), answer.text[:300])
        with self.assertRaises(StorageApiError) as failure:
            self.objects.create_signed_url("a.png", 60, {"transform": {"width": 5000}})
        self.assertIn("body/transform/width", failure.exception.message)

    def test_list_v2_pages(self):
        for index in range(5):
            self.objects.upload(f"f/{index}", b"x")
        names, cursor = [], None
        while True:
            page = self.objects.list_v2({"prefix": "f/", "limit": 2, **({"cursor": cursor} if cursor else {})})
            names += [entry.name for entry in page.objects]
            cursor = page.nextCursor
            if not page.hasNext:
                break
        self.assertEqual(names, [f"f/{index}" for index in range(5)])
        self.assertEqual([folder.name for folder in self.objects.list_v2({"with_delimiter": True}).folders], ["f/"])

    def test_errors(self):
        with self.assertRaises(StorageApiError) as caught:
            self.objects.download("none")
        self.assertEqual((caught.exception.status, caught.exception.code), ("404", "not_found"))

    def test_buckets(self):
        self.client.update_bucket(self.bucket, {"public": True, "file_size_limit": "1kb",
                                                "allowed_mime_types": ["text/*"]})
        bucket = self.client.get_bucket(self.bucket)
        self.assertEqual((bucket.public, bucket.file_size_limit, bucket.allowed_mime_types), (True, 1_000, ["text/*"]))
        self.assertIn(self.bucket, [bucket.id for bucket in self.client.list_buckets()])
        with self.assertRaises(StorageApiError) as caught:
            self.objects.upload("large", bytes(1_001), {"content-type": "text/plain"})
        self.assertEqual(caught.exception.status, "413")
        with self.assertRaises(StorageApiError) as caught:
            self.objects.upload("image", b"x", {"content-type": "image/png"})
        self.assertEqual(caught.exception.status, "415")
        self.objects.upload("text", b"x", {"content-type": "text/plain"})
        self.assertEqual(httpx.get(self.objects.get_public_url("text")).content, b"x")
        with self.assertRaises(StorageApiError) as caught:
            self.client.delete_bucket(self.bucket)
        self.assertEqual(caught.exception.status, "409")
        with self.assertRaises(StorageApiError) as caught:
            self.client.create_bucket(self.bucket)
        self.assertEqual(caught.exception.status, "409")

    def test_upsert_and_listing(self):
        self.objects.upload("dir/a", b"1")
        with self.assertRaises(StorageApiError) as caught:
            self.objects.upload("dir/a", b"2")
        self.assertEqual((caught.exception.status, caught.exception.code), ("409", "Duplicate"))
        self.objects.upload("dir/a", b"2", {"upsert": "true"})
        self.assertEqual(self.objects.download("dir/a"), b"2")
        self.objects.upload("dir/ünicode b+c.txt", b"3")
        self.assertEqual(self.objects.download("dir/ünicode b+c.txt"), b"3")
        listed = self.objects.list("dir", {"sortBy": {"column": "name", "order": "desc"}, "limit": 10, "search": "b+c"})
        self.assertEqual([entry["name"] for entry in listed], ["ünicode b+c.txt"])
        self.assertEqual([(entry["name"], entry["id"]) for entry in self.objects.list()], [("dir", None)])

    def test_tus(self):
        client = TusClient(self.url + "/upload/resumable", headers={**self.headers, "x-upsert": "true"})
        data = bytes(range(256)) * 4_096
        client.uploader(file_stream=io.BytesIO(data), chunk_size=300_000, metadata=self.metadata("tus")).upload()
        self.assertEqual(self.objects.download("tus"), data)

    def test_tus_goes_on_after_an_interruption(self):
        client = TusClient(self.url + "/upload/resumable", headers=dict(self.headers))
        data = bytes(range(256)) * 4_096
        begun = client.uploader(file_stream=io.BytesIO(data), chunk_size=300_000, metadata=self.metadata("resumed"))
        begun.upload(stop_at=600_000)
        self.assertFalse(self.objects.exists("resumed"))
        # The connection is lost in the middle of the next piece: what came of it counts.
        with self.assertRaises(StorageApiError):
            self.objects.download("resumed")
        path = begun.url.removeprefix(self.url)
        with socket.create_connection(("127.0.0.1", self.server.port)) as lost:
            lost.sendall((f"PATCH {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {SERVICE}\r\n"
                          "Tus-Resumable: 1.0.0\r\nContent-Type: application/offset+octet-stream\r\n"
                          "Upload-Offset: 600000\r\nContent-Length: 300000\r\n\r\n").encode() + data[600_000:700_000])
            time.sleep(0.3)
        again = client.uploader(file_stream=io.BytesIO(data), chunk_size=300_000, url=begun.url)
        plane.wait_until(lambda: again.get_offset() == 700_000, "what came of the piece is kept")
        again.offset = again.get_offset()
        again.upload()
        self.assertEqual(self.objects.download("resumed"), data)

    def test_tus_signed(self):
        signed = self.objects.create_signed_upload_url("signed")
        client = TusClient(self.url + "/upload/resumable/sign", headers={"x-signature": signed["token"]})
        client.uploader(file_stream=io.BytesIO(b"x" * 1_000), chunk_size=300, metadata=self.metadata("signed")).upload()
        self.assertEqual(self.objects.download("signed"), b"x" * 1_000)

    def metadata(self, key):
        return {"bucketName": self.bucket, "objectName": key, "contentType": "application/x-tus"}

    def s3(self):
        return boto3.client("s3", endpoint_url=self.url + "/s3", aws_access_key_id="key",
                            aws_secret_access_key="secret", region_name="us-east-1",
                            config=botocore.config.Config(signature_version="s3v4", s3={"addressing_style": "path"}))

    def test_s3(self):
        s3 = self.s3()
        s3.put_object(Bucket=self.bucket, Key="dir/ä b+c", Body=b"hello", Metadata={"a": "b"})
        got = s3.get_object(Bucket=self.bucket, Key="dir/ä b+c")
        self.assertEqual((got["Body"].read(), got["Metadata"]), (b"hello", {"a": "b"}))
        part = s3.get_object(Bucket=self.bucket, Key="dir/ä b+c", Range="bytes=1-3")
        self.assertEqual((part["Body"].read(), part["ContentRange"]), (b"ell", "bytes 1-3/5"))
        s3.copy_object(Bucket=self.bucket, Key="copy", CopySource={"Bucket": self.bucket, "Key": "dir/ä b+c"})
        s3.copy_object(Bucket=self.bucket, Key="copy2", CopySource={"Bucket": self.bucket, "Key": "dir/ä b+c"},
                       MetadataDirective="REPLACE", ContentType="text/x-a", Metadata={"c": "d"})
        head = s3.head_object(Bucket=self.bucket, Key="copy2")
        self.assertEqual((head["ContentType"], head["Metadata"], head["ContentLength"]), ("text/x-a", {"c": "d"}, 5))
        self.assertEqual(s3.head_object(Bucket=self.bucket, Key="copy")["Metadata"], {"a": "b"})
        s3.put_object(Bucket=self.bucket, Key="empty", Body=b"")
        self.assertEqual(s3.get_object(Bucket=self.bucket, Key="empty")["Body"].read(), b"")
        listed = s3.list_objects_v2(Bucket=self.bucket, Delimiter="/")
        self.assertEqual([entry["Key"] for entry in listed["Contents"]], ["copy", "copy2", "empty"])
        self.assertEqual([entry["Prefix"] for entry in listed["CommonPrefixes"]], ["dir/"])
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, PaginationConfig={"PageSize": 2})
        self.assertEqual([entry["Key"] for page in pages for entry in page["Contents"]],
                         ["copy", "copy2", "dir/ä b+c", "empty"])
        deleted = s3.delete_objects(Bucket=self.bucket, Delete={"Objects": [{"Key": "copy"}, {"Key": "copy2"}]})
        self.assertEqual(sorted(entry["Key"] for entry in deleted["Deleted"]), ["copy", "copy2"])
        s3.delete_object(Bucket=self.bucket, Key="empty")
        with self.assertRaises(s3.exceptions.ClientError) as caught:
            s3.head_object(Bucket=self.bucket, Key="empty")
        self.assertEqual(caught.exception.response["Error"]["Code"], "404")
        with self.assertRaises(s3.exceptions.NoSuchKey):
            s3.get_object(Bucket=self.bucket, Key="empty")

    def test_s3_buckets(self):
        s3, name = self.s3(), self.bucket + "-s3"
        s3.create_bucket(Bucket=name)
        s3.head_bucket(Bucket=name)
        self.assertIn(name, [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]])
        s3.get_bucket_location(Bucket=name)
        s3.delete_bucket(Bucket=name)
        with self.assertRaises(s3.exceptions.ClientError) as caught:
            s3.head_bucket(Bucket=name)
        self.assertEqual(caught.exception.response["Error"]["Code"], "404")

    def test_s3_multipart(self):
        s3, size = self.s3(), 5 << 20
        large = bytes(range(256)) * (12 << 12)
        config = boto3.s3.transfer.TransferConfig(multipart_threshold=size, multipart_chunksize=size)
        s3.upload_fileobj(io.BytesIO(large), self.bucket, "large", Config=config)
        head = s3.head_object(Bucket=self.bucket, Key="large")
        self.assertEqual((head["ContentLength"], head["ETag"][-3:]), (len(large), '-3"'))
        got = io.BytesIO()
        s3.download_fileobj(self.bucket, "large", got, Config=config)
        self.assertEqual(got.getvalue(), large)
        s3.copy({"Bucket": self.bucket, "Key": "large"}, self.bucket, "parts", Config=config)
        self.assertEqual(s3.get_object(Bucket=self.bucket, Key="parts")["Body"].read(), large)
        upload = s3.create_multipart_upload(Bucket=self.bucket, Key="left")["UploadId"]
        s3.upload_part(Bucket=self.bucket, Key="left", UploadId=upload, PartNumber=1, Body=b"x")
        parts = s3.list_parts(Bucket=self.bucket, Key="left", UploadId=upload)["Parts"]
        self.assertEqual([(part["PartNumber"], part["Size"]) for part in parts], [(1, 1)])
        uploads = s3.list_multipart_uploads(Bucket=self.bucket)["Uploads"]
        self.assertEqual([(entry["Key"], entry["UploadId"]) for entry in uploads], [("left", upload)])
        s3.abort_multipart_upload(Bucket=self.bucket, Key="left", UploadId=upload)
        with self.assertRaises(s3.exceptions.NoSuchUpload):
            s3.list_parts(Bucket=self.bucket, Key="left", UploadId=upload)

    def test_s3_with_a_key_that_was_made(self):
        made = httpx.post(f"{self.url}/projectd/s3-credentials", headers=self.headers, json={"description": "boto3"}).json()

        def client(secret):
            return boto3.client(
                "s3", endpoint_url=self.url + "/s3", aws_access_key_id=made["access_key"], aws_secret_access_key=secret,
                region_name="us-east-1", config=botocore.config.Config(
                    signature_version="s3v4", s3={"addressing_style": "path"}, retries={"max_attempts": 1}))

        s3 = client(made["secret_key"])
        s3.put_object(Bucket=self.bucket, Key="a", Body=b"hello")
        self.assertEqual(s3.get_object(Bucket=self.bucket, Key="a")["Body"].read(), b"hello")
        with self.assertRaises(botocore.exceptions.ClientError):
            client("0" * 64).list_buckets()
        address = f"{self.url}/projectd/s3-credentials/{made['id']}"
        self.assertEqual(httpx.delete(address, headers=self.headers).status_code, 204)
        with self.assertRaises(botocore.exceptions.ClientError) as failure:
            s3.list_buckets()
        self.assertEqual(failure.exception.response["Error"]["Code"], "InvalidAccessKeyId")

    def test_s3_presigned(self):
        s3, key = self.s3(), {"Bucket": self.bucket, "Key": "dir/ä b+c"}
        self.assertEqual(httpx.put(s3.generate_presigned_url("put_object", Params=key), content=b"hello").status_code, 200)
        self.assertEqual(httpx.get(s3.generate_presigned_url("get_object", Params=key)).content, b"hello")
        named = s3.generate_presigned_url(
            "get_object", Params={**key, "ResponseContentDisposition": "attachment; filename=a"})
        self.assertEqual(httpx.get(named).headers["content-disposition"], "attachment; filename=a")
        changed = s3.generate_presigned_url("get_object", Params=key).replace("b%2Bc", "other")
        self.assertEqual(httpx.get(changed).status_code, 403)


if __name__ == "__main__":
    unittest.main()
