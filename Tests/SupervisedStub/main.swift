Stub.run()
