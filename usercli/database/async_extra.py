"""What the extra `usercli[async]` brings; without it the import raises ImportError, which says so."""

try:
    import aiosqlite  # noqa: F401 - SQLAlchemy asks for it later, and would not say where it comes from
    from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
except ImportError:
    raise ImportError("async access needs more packages; run: pip install 'usercli[async]'") from None

__all__ = ["AsyncEngine", "AsyncSession", "create_async_engine"]
