/* SPDX-License-Identifier: BSD-2-Clause */
/* Self-tests of memory objects. */
#include <core/ktest.h>
#include <mm/object.h>

KTEST(object_pages)
{
	struct vm_object *obj = object_create_anonymous(100 * PAGE_SIZE);
	u64 cached = object_cached_pages();
	int error;

	if (!KT_OK(obj))
		return;
	KT_OK(!object_page(obj, 3, false, &error));
	KT_EQ(error, 0);

	struct page *page = object_page(obj, 3, true, &error);

	KT_OK(page);
	KT_EQ(page->refs, 2);
	KT_OK(object_page(obj, 3, false, &error) == page);
	page_put(page);
	page_put(page);
	page_put(object_page(obj, 99, true, &error));
	KT_EQ(object_cached_pages(), cached + 2);
	object_truncate(obj, 4 * PAGE_SIZE);
	KT_EQ(obj->npages, 1);
	object_put(obj);
	KT_EQ(object_cached_pages(), cached);
}
